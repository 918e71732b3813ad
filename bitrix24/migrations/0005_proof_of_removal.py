from django.db import migrations, models

import signx.vault


def keep_wishes(apps, schema_editor):
    announced = apps.get_model("bitrix24", "Portal").objects.filter(
        uninstall_check_at__isnull=False
    )
    announced.update(wipe_wish=models.F("wipe_asked"))


class Migration(migrations.Migration):

    dependencies = [
        ('bitrix24', '0004_look'),
    ]

    operations = [
        migrations.AddField('portal', 'held_try_at', models.DateTimeField(blank=True, null=True)),
        migrations.AddField('portal', 'removal_unproved_at', models.DateTimeField(blank=True, null=True)),
        migrations.AddField('portal', 'wipe_wish', models.BooleanField(blank=True, null=True)),
        migrations.AddField('portal', 'former_token_hash', models.CharField(blank=True, default='', max_length=64), preserve_default=False),
        migrations.CreateModel(
            name='HeldCall',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('receiver', models.CharField(max_length=100)),
                ('argument', models.CharField(blank=True, max_length=60)),
                ('payload', signx.vault.EncryptedTextField()),
                ('received_at', models.DateTimeField()),
                ('portal', models.ForeignKey(on_delete=models.deletion.CASCADE, related_name='held_calls', to='bitrix24.portal')),
            ],
        ),
        migrations.RunPython(keep_wishes, migrations.RunPython.noop, elidable=True),
        migrations.RemoveField('portal', 'wipe_asked'),
    ]
