import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('bitrix24', '0002_trust_and_limits'),
    ]

    operations = [
        migrations.AddField('framesession', 'confirmed_at', models.DateTimeField(default=django.utils.timezone.now)),
        migrations.AddField('framesession', 'silent_until', models.DateTimeField(blank=True, null=True)),
    ]
