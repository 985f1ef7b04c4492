"""The queue on RabbitMQ 4. Nothing outside this folder knows pika."""
