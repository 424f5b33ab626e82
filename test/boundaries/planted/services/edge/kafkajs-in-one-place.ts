import 'kafkajs'
