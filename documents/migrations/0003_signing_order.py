from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('documents', '0002_after_sending'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='signer',
            options={'ordering': ['order', 'pk']},
        ),
        migrations.AddField(
            model_name='document',
            name='ordered_by',
            field=models.CharField(blank=True, max_length=80),
        ),
        migrations.AddField(
            model_name='portalsettings',
            name='signing_order',
            field=models.CharField(choices=[('company_first', 'The company, then the counterparty'), ('counterparty_first', 'The counterparty, then the company'), ('together', 'Both at once')], default='company_first', max_length=20),
        ),
        migrations.AlterField(
            model_name='portalsettings',
            name='code_channel',
            field=models.CharField(choices=[('email', 'E-mail'), ('sms', 'SMS'), ('notice', 'Notice in Bitrix24')], default='email', max_length=10),
        ),
        migrations.AlterField(
            model_name='signer',
            name='code_channel',
            field=models.CharField(choices=[('email', 'E-mail'), ('sms', 'SMS'), ('notice', 'Notice in Bitrix24')], default='email', max_length=10),
        ),
    ]
