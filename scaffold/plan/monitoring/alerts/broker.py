"""Alerts about RabbitMQ, by the metrics that its own plugin serves (platform facts, section 6)."""

from __future__ import annotations

from scaffold.model.alert import Alert, AlertGroup


def rabbitmq_group() -> AlertGroup:
    """Return the alerts about RabbitMQ; TargetDown tells when it does not answer at all."""
    return AlertGroup(
        "rabbitmq",
        (
            _alarm("RabbitmqMemoryAlarm", "rabbitmq_alarms_memory_used_watermark", "memory", "which queues hold the messages"),
            _alarm("RabbitmqDiskAlarm", "rabbitmq_alarms_free_disk_space_watermark", "disk space", "`df -h` on the host"),
            Alert(
                "RabbitmqQueueLong",
                "sum by (service) (rabbitmq_queue_messages_ready) > 1000",
                20,
                "warning",
                "Messages wait in RabbitMQ {{ $labels.service }}",
                "{{ $value | humanize }} messages have no consumer yet.",
                "`rabbitmqctl list_queues name messages_ready consumers` in the service: which queue grows, and who reads it?",
                "Start the consumers again, or add some when their stores can bear it.",
                (('rabbitmq_queue_messages_ready{service="mq", instance="mq:15692"}', "5000x60"),),
                (('rabbitmq_queue_messages_ready{service="mq", instance="mq:15692"}', "20x60"),),
            ),
        ),
    )


def _alarm(name: str, metric: str, what: str, check: str) -> Alert:
    return Alert(
        name,
        f"{metric} == 1",
        1,
        "critical",
        f"RabbitMQ {{{{ $labels.service }}}} has too little {what}",
        f"Its {what} alarm is on: it blocks everybody who publishes.",
        f"`rabbitmq-diagnostics alarms` in the service, then {check}.",
        f"Start the consumers, or give it more {what}: publishing goes on by itself when the alarm ends.",
        ((f'{metric}{{service="mq", instance="mq:15692"}}', "1x60"),),
        ((f'{metric}{{service="mq", instance="mq:15692"}}', "0x60"),),
    )
