from django.db import migrations, models
from django.utils import timezone

import signx.vault


def look_over_soon(apps, schema_editor):
    portals = apps.get_model("bitrix24", "Portal").objects.filter(status="active")
    portals.update(look_over_at=timezone.now())


class Migration(migrations.Migration):

    dependencies = [
        ('bitrix24', '0001_initial'),
    ]

    operations = [
        migrations.DeleteModel(name='MethodPause'),
        migrations.CreateModel(
            name='MethodBudget',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('method', models.CharField(max_length=100)),
                ('spent_s', models.FloatField(default=0)),
                ('resets_at', models.DateTimeField()),
                ('rests_until', models.DateTimeField(blank=True, null=True)),
                ('portal', models.ForeignKey(on_delete=models.deletion.CASCADE, related_name='method_budgets', to='bitrix24.portal')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('portal', 'method'), name='one_budget_per_method')],
            },
        ),
        migrations.AddField('portal', 'bucket_empty_at', models.FloatField(default=0)),
        migrations.AddField('portal', 'look_over_at', models.DateTimeField(blank=True, null=True)),
        migrations.AddField('portal', 'missing', models.JSONField(blank=True, default=list)),
        migrations.AddField('portal', 'access_lost_at', models.DateTimeField(blank=True, null=True)),
        migrations.AddField('portal', 'offer', signx.vault.EncryptedTextField(blank=True, default=''), preserve_default=False),
        migrations.AddField('portal', 'offer_try_at', models.DateTimeField(blank=True, null=True)),
        migrations.AddField('portal', 'wipe_asked', models.BooleanField(default=False)),
        migrations.AddField('portal', 'wipe_at', models.DateTimeField(blank=True, null=True)),
        migrations.AddField('portal', 'wiped_at', models.DateTimeField(blank=True, null=True)),
        migrations.AddField('portaltoken', 'is_in_doubt', models.BooleanField(default=False)),
        migrations.RunPython(look_over_soon, migrations.RunPython.noop, elidable=True),
        migrations.AddIndex('portal', models.Index(fields=['status', 'look_over_at'], name='portal_look_over')),
        migrations.AddIndex('portal', models.Index(condition=models.Q(('offer_try_at__isnull', False)), fields=['offer_try_at'], name='portal_offer')),
        migrations.AddIndex('portal', models.Index(condition=models.Q(('wipe_at__isnull', False)), fields=['wipe_at'], name='portal_wipe')),
    ]
