/** What an error of the way to a broker says: kafkajs keeps the code of Node's error. */
type ConnectionError = Error & { readonly code?: unknown }

type Advice = { readonly when: (error: ConnectionError) => boolean; readonly say: string }

const hasCode =
  (...codes: readonly (string | RegExp)[]) =>
  ({ code }: ConnectionError): boolean =>
    codes.some((each) => (each instanceof RegExp ? typeof code === 'string' && each.test(code) : each === code))

const says =
  (name: string, pattern: RegExp) =>
  (error: ConnectionError): boolean =>
    error.name === name && pattern.test(error.message)

/** In this order; the first that fits is told. Codes of TLS are those of Node.js (`tls.TLSSocket`), the rest are kafkajs' messages. */
const table: readonly Advice[] = [
  {
    when: hasCode(/UNABLE_TO_(VERIFY|GET_ISSUER)/, /SELF_SIGNED/, 'CERT_SIGNATURE_FAILURE'),
    say: 'KAFKA_SSL_CA_FILE has to hold the authority that signed the certificate of the broker',
  },
  {
    when: hasCode('ERR_TLS_CERT_ALTNAME_INVALID'),
    say: 'the certificate of the broker has to hold its name in KAFKA_BROKERS and in its advertised.listeners',
  },
  { when: hasCode('CERT_HAS_EXPIRED'), say: 'the certificate of the broker has to be renewed' },
  {
    when: hasCode(/ALERT_(BAD|UNKNOWN|CERTIFICATE|UNSUPPORTED)|ALERT_NO_CERT/),
    say: 'the broker does not take our certificate: look at KAFKA_SSL_CERT_FILE and KAFKA_SSL_KEY_FILE',
  },
  {
    when: says('KafkaJSConnectionError', /key values mismatch/),
    say: 'KAFKA_SSL_KEY_FILE is not the key of KAFKA_SSL_CERT_FILE',
  },
  {
    when: says('KafkaJSConnectionError', /before secure TLS|wrong version number|packet length too long/),
    say: 'KAFKA_SSL is on, and the port in KAFKA_BROKERS may not speak TLS',
  },
  {
    when: says('KafkaJSSASLAuthenticationError', /not supported by the server/),
    say: 'look at KAFKA_SASL_MECHANISM',
  },
  {
    // Also what ended a login half way bears this name; that is no matter of the password.
    when: says(
      'KafkaJSSASLAuthenticationError',
      /authentication failed: (?!.*(closed|timed out|Not connected|Connection error))/i,
    ),
    say: 'look at KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD (or the file of KAFKA_SASL_PASSWORD_FILE)',
  },
  {
    when: says('KafkaJSProtocolError', /SASL state/),
    say: 'the port in KAFKA_BROKERS takes no SASL: look at KAFKA_SASL_MECHANISM',
  },
  {
    when: ({ name }) => name === 'KafkaJSConnectionClosedError',
    say: 'if that goes on, KAFKA_SSL or KAFKA_SASL_MECHANISM is not what the port in KAFKA_BROKERS expects',
  },
  {
    when: ({ message }) => /Replication-factor is invalid/.test(message),
    say: 'TOPIC_REPLICATION has to be at most the number of brokers',
  },
  {
    when: ({ message }) => /not authorized|authorization failed/i.test(message),
    say: 'an ACL is missing: docs/kafka.md lists those of each service',
  },
  {
    // kafkajs passes over what the brokers answered, also that somebody may not ask.
    when: ({ name }) => name === 'KafkaJSGroupCoordinatorNotFound',
    say: 'if that goes on, an ACL is missing for the group or the transactional id: docs/kafka.md lists those of each service',
  },
]

/** An error's message in one line, and which setting to look at where that is known. No values of settings: some are secrets. */
export const explainError = (error: Error): string => {
  // OpenSSL's errors come with numbers, the place in its source, and a line end.
  const message = error.message.replace(/([0-9A-F]+:)?error:[0-9A-F]+:[^:]*:[^:]*:([^:\n]*).*$/s, '$2')
  const advice = table.find(({ when }) => when(error))
  return advice === undefined ? message : `${message}; ${advice.say}`
}
