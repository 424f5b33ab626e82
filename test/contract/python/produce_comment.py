"""Writes one comment to push.comment.v1, as an upstream team does it in Python.

    pip install -r requirements.txt
    python produce_comment.py --brokers 127.0.0.1:9092 --registry http://127.0.0.1:8085/apis/ccompat/v7 \
        --room <roomId> --uid u7 --name Carol --comment "hello from Python"

Three settings matter:
- subject.name.strategy: one subject per topic and record, `<topic>-<record full name>`;
- auto.register.schemas off: roomcast has registered its schemas, a producer only looks them up;
- partitioner=murmur2_random: librdkafka's own default puts a room into another partition than Java and roomcast do,
  and roomcast sends such a record to its dead letters.
"""

import argparse
import json
import time
import uuid

from confluent_kafka import Producer
from confluent_kafka.schema_registry import SchemaRegistryClient, topic_record_subject_name_strategy
from confluent_kafka.schema_registry.avro import AvroSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

TOPIC = "push.comment.v1"
RECORD = "roomcast.push.Commented"
DEADLINE_SECONDS = 15


def arguments():
    parser = argparse.ArgumentParser(description="Writes one comment to roomcast's Kafka.")
    for name in ("brokers", "registry", "room", "uid", "name", "comment"):
        parser.add_argument(f"--{name}", required=True)
    return parser.parse_args()


def comment_serializer(registry_url):
    registry = SchemaRegistryClient({"url": registry_url})
    schema = registry.get_latest_version(f"{TOPIC}-{RECORD}").schema
    return AvroSerializer(
        registry,
        schema.schema_str,
        conf={
            "auto.register.schemas": False,
            "use.latest.version": True,
            "subject.name.strategy": topic_record_subject_name_strategy,
        },
    )


def main():
    args = arguments()
    producer = Producer(
        {
            "bootstrap.servers": args.brokers,
            "partitioner": "murmur2_random",
            "enable.idempotence": True,
            "delivery.timeout.ms": DEADLINE_SECONDS * 1000,
        }
    )
    comment = {
        # Unique, and the same again when the same comment is sent again.
        "eventId": str(uuid.uuid4()),
        "roomId": args.room,
        "occurredAt": int(time.time() * 1000),
        "uid": args.uid,
        "name": args.name,
        "comment": args.comment,
    }
    delivered = []

    def on_delivery(error, message):
        if error is not None:
            raise SystemExit(f"not delivered: {error}")
        delivered.append({"partition": message.partition(), "offset": message.offset()})

    producer.produce(
        TOPIC,
        key=args.room.encode("utf-8"),
        value=comment_serializer(args.registry)(comment, SerializationContext(TOPIC, MessageField.VALUE)),
        # Optional; it helps those who look at the topic.
        headers={"type": "Commented"},
        on_delivery=on_delivery,
    )
    if producer.flush(DEADLINE_SECONDS) > 0 or not delivered:
        raise SystemExit(f"not delivered within {DEADLINE_SECONDS} s")
    print(json.dumps(delivered[0]))


if __name__ == "__main__":
    main()
