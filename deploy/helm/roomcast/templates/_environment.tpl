{{/* The environment of one service as a list. Call with root, key (in values) and service (of services.json). */}}
{{- define "roomcast.environment" -}}
{{- $values := .root.Values -}}
{{- $own := index $values .key | default dict -}}
{{- $plain := dict -}}
{{- range $name, $value := $values.env }}{{ if has $name $.service.settings }}{{ $_ := set $plain $name $value }}{{ end }}{{ end -}}
{{- $secret := dict -}}
{{- range $name, $value := $values.secrets }}{{ if has $name $.service.secrets }}{{ $_ := set $secret $name $value }}{{ end }}{{ end -}}
{{- $plain = merge (dict) (default dict $own.env) $plain -}}
{{- $secret = merge (dict) (default dict $own.secrets) $secret -}}
{{- if and (eq .key "mixer") (eq $plain.MIXER_ADAPTER "simulated") (not $plain.INGEST_URL) -}}
{{- $_ := set $plain "INGEST_URL" (printf "http://%s-ingest:%d" (include "roomcast.fullname" .root) (int $values.ingest.service.port)) -}}
{{- end -}}
{{- range $name, $value := $plain }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- range $name, $where := $secret }}
- name: {{ $name }}
  valueFrom:
    secretKeyRef:
      name: {{ $where.name }}
      key: {{ default $name $where.key }}
{{- end }}
{{- end -}}

{{- define "roomcast.mixerAdapter" -}}
{{ default .Values.env.MIXER_ADAPTER .Values.mixer.env.MIXER_ADAPTER }}
{{- end -}}

{{/* The user of Kafka that one service has: the common one, or its own. */}}
{{- define "roomcast.kafkaUser" -}}
{{- $kafka := .root.Values.kafka -}}
{{- $own := index $kafka.users .key | default dict -}}
{{- dict
  "secret" (default $kafka.sasl.secret $own.secret)
  "username" (default (ternary "" $kafka.sasl.username (hasKey $own "secret")) $own.username)
  "certificate" (default $kafka.tls.certificate.secret $own.certificate) | toJson -}}
{{- end -}}

{{/* How to reach Kafka and the registry. */}}
{{- define "roomcast.platformEnvironment" -}}
{{- $kafka := .root.Values.kafka -}}
{{- $registry := .root.Values.registry -}}
{{- $user := include "roomcast.kafkaUser" . | fromJson }}
- name: KAFKA_BROKERS
  value: {{ join "," $kafka.brokers | quote }}
{{- if $kafka.tls.enabled }}
- name: KAFKA_SSL
  value: '1'
{{- if $kafka.tls.ca }}
- name: KAFKA_SSL_CA_FILE
  value: /etc/roomcast/kafka-ca/{{ $kafka.tls.ca.key | default "ca.crt" }}
{{- end }}
{{- if $user.certificate }}
- name: KAFKA_SSL_CERT_FILE
  value: /etc/roomcast/kafka-certificate/{{ $kafka.tls.certificate.certKey }}
- name: KAFKA_SSL_KEY_FILE
  value: /etc/roomcast/kafka-certificate/{{ $kafka.tls.certificate.keyKey }}
{{- end }}
{{- end }}
{{- with $kafka.sasl }}
{{- if .mechanism }}
- name: KAFKA_SASL_MECHANISM
  value: {{ .mechanism }}
- name: KAFKA_SASL_USERNAME
{{- if $user.username }}
  value: {{ $user.username | quote }}
{{- else }}
  valueFrom:
    secretKeyRef:
      name: {{ $user.secret }}
      key: {{ .usernameKey }}
{{- end }}
- name: KAFKA_SASL_PASSWORD_FILE
  value: /etc/roomcast/kafka-user/{{ .passwordKey }}
{{- end }}
{{- end }}
- name: SCHEMA_REGISTRY_URL
  value: {{ $registry.url | quote }}
{{- if $registry.secret }}
- name: SCHEMA_REGISTRY_USERNAME
  valueFrom:
    secretKeyRef:
      name: {{ $registry.secret }}
      key: {{ $registry.usernameKey }}
- name: SCHEMA_REGISTRY_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ $registry.secret }}
      key: {{ $registry.passwordKey }}
{{- end }}
{{- if $registry.ca }}
- name: NODE_EXTRA_CA_CERTS
  value: /etc/roomcast/registry-ca/{{ $registry.ca.key | default "ca.crt" }}
{{- end }}
{{- end -}}
