import '@kafkajs/confluent-schema-registry'
