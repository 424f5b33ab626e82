{{/* Refuses values that would give services which do not start, with a sentence that says what to set. */}}
{{- define "roomcast.checks" -}}
{{- $values := .Values -}}
{{- $services := include "roomcast.services" . | fromJson -}}
{{- if not $values.kafka.brokers }}{{ fail "kafka.brokers is empty: give the host:port of some brokers" }}{{ end -}}
{{- if not $values.registry.url }}{{ fail "registry.url is empty: give the Confluent API of the schema registry" }}{{ end -}}
{{- range $key := list "INGEST_API_KEYS" "ALI_CALLBACK_KEY" -}}
{{- if not (or (hasKey $values.secrets $key) (hasKey (default dict $values.ingest.secrets) $key)) }}{{ fail (printf "secrets.%s is missing: ingest does not start without it. Name the Secret that has it: secrets: { %s: { name: … } }" $key $key) }}{{ end -}}
{{- end -}}
{{- if not (or (hasKey $values.secrets "EDGE_JWT_SECRET") (hasKey $values.edge.secrets "EDGE_JWT_SECRET") $values.env.EDGE_JWKS_URL $values.edge.env.EDGE_JWKS_URL) }}{{ fail "secrets.EDGE_JWT_SECRET and env.EDGE_JWKS_URL are missing: the edge needs one of them to check its clients' tokens" }}{{ end -}}
{{- $adapter := include "roomcast.mixerAdapter" . -}}
{{- if eq $adapter "aliyun" -}}
{{- range $key := list "ALIYUN_ACCESS_KEY_ID" "ALIYUN_ACCESS_KEY_SECRET" -}}
{{- if not (or (hasKey $values.secrets $key) (hasKey $values.mixer.secrets $key)) }}{{ fail (printf "secrets.%s is missing: MIXER_ADAPTER is aliyun. Without a cloud: env.MIXER_ADAPTER: simulated" $key) }}{{ end -}}
{{- end -}}
{{- else if not (or (hasKey $values.secrets "ALI_CALLBACK_KEY") (hasKey $values.mixer.secrets "ALI_CALLBACK_KEY")) }}{{ fail "secrets.ALI_CALLBACK_KEY is missing: the simulated cloud signs its callbacks with it" }}
{{- end -}}
{{- with $values.kafka -}}
{{- if and (not .tls.enabled) (or .tls.ca .tls.certificate.secret) }}{{ fail "kafka.tls.enabled is false, but kafka.tls.ca or .certificate is given" }}{{ end -}}
{{- range $key, $user := .users }}
{{- if and (not $values.kafka.tls.enabled) $user.certificate }}{{ fail (printf "kafka.tls.enabled is false, but kafka.users.%s.certificate is given" $key) }}{{ end -}}
{{- end -}}
{{- range $key := concat (keys $services) (ternary (list "setup") list $values.setup.enabled) -}}
{{- $user := include "roomcast.kafkaUser" (dict "root" $ "key" $key) | fromJson -}}
{{- if and $values.kafka.sasl.mechanism (not $user.secret) }}{{ fail (printf "kafka.sasl.secret is empty, and so is kafka.users.%s.secret: name the Secret with its password" $key) }}{{ end -}}
{{- end -}}
{{- end -}}
{{- range $path, $ca := dict "kafka.tls.ca" $values.kafka.tls.ca "registry.ca" $values.registry.ca -}}
{{- if and $ca (ne (len (compact (list $ca.secret $ca.configMap))) 1) }}{{ fail (printf "%s: name the Secret or the ConfigMap that has it: { secret: … } or { configMap: … }" $path) }}{{ end -}}
{{- end -}}
{{- range $key := keys $services | sortAlpha -}}
{{- with (index $values $key).autoscaling -}}
{{- if and .enabled (gt (int .minReplicas) (int .maxReplicas)) }}{{ fail (printf "%s.autoscaling.minReplicas is above maxReplicas" $key) }}{{ end -}}
{{- end -}}
{{- end -}}
{{- with $values.stateMachine -}}
{{- if gt (int (ternary .autoscaling.maxReplicas .replicas .autoscaling.enabled)) (int $values.setup.partitions) }}{{ fail "stateMachine has more instances than setup.partitions: those beyond it would do nothing" }}{{ end -}}
{{- end -}}
{{- with $values.mixer -}}
{{- if gt (int (ternary .autoscaling.maxReplicas .replicas .autoscaling.enabled)) (int $values.setup.partitions) }}{{ fail "mixer has more instances than setup.partitions: those beyond it would do nothing" }}{{ end -}}
{{- end -}}
{{- if and $values.keda.enabled (not $values.keda.prometheusUrl) }}{{ fail "keda.prometheusUrl is empty: KEDA asks it for lag and connections" }}{{ end -}}
{{- if ge (int $values.setup.minInSyncReplicas) (int $values.setup.replication) -}}
{{- if gt (int $values.setup.replication) 1 }}{{ fail "setup.minInSyncReplicas has to be below setup.replication: no broker could be away otherwise" }}{{ end -}}
{{- end -}}
{{- range $key := list "ingest" "edge" -}}
{{- with index $values $key -}}
{{- if and .ingress.enabled (not .ingress.host) }}{{ fail (printf "%s.ingress.host is empty" $key) }}{{ end -}}
{{- end -}}
{{- end -}}
{{- end -}}
