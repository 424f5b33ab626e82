#!/bin/sh
# What /etc/kafka/docker/run of the official image does, by the same class of Kafka's: KAFKA_… of the environment becomes properties,
# the folder of the data is formatted unless it is, the broker starts.
set -eu
export CLUSTER_ID="${CLUSTER_ID:-5L6g3nShT-eMCtK--X86sw}"
setup() {
  java -Xmx128m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp '/opt/kafka/libs/*' kafka.docker.KafkaDockerWrapper setup \
    --default-configs-dir /etc/kafka/docker --mounted-configs-dir /mnt/shared/config --final-configs-dir /opt/kafka/config 2>&1
}
said=$(setup) || case $said in
  *'already formatted'*) ;;
  *)
    echo "$said" >&2
    exit 1
    ;;
esac
# shellcheck disable=SC2086 -- options, separated by spaces
exec java ${KAFKA_HEAP_OPTS:--Xms1G -Xmx1G} ${KAFKA_JVM_PERFORMANCE_OPTS:--XX:+UseG1GC} ${KAFKA_OPTS:-} \
  -Dlog4j2.configurationFile=/opt/kafka/config/log4j2.yaml -cp '/opt/kafka/libs/*' \
  kafka.Kafka /opt/kafka/config/server.properties
