{{/* Folders, not single files: a single mounted file would not follow when its secret is renewed. A list of { name, secret | configMap }. */}}
{{- define "roomcast.mounts" -}}
{{- $kafka := .root.Values.kafka -}}
{{- $registry := .root.Values.registry -}}
{{- $user := include "roomcast.kafkaUser" . | fromJson -}}
{{- $mounts := list -}}
{{- if and $kafka.tls.enabled $kafka.tls.ca }}{{ $mounts = append $mounts (merge (dict "name" "kafka-ca") $kafka.tls.ca) }}{{ end -}}
{{- if and $kafka.tls.enabled $user.certificate }}{{ $mounts = append $mounts (dict "name" "kafka-certificate" "secret" $user.certificate) }}{{ end -}}
{{- if $kafka.sasl.mechanism }}{{ $mounts = append $mounts (dict "name" "kafka-user" "secret" $user.secret "key" $kafka.sasl.passwordKey) }}{{ end -}}
{{- if $registry.ca }}{{ $mounts = append $mounts (merge (dict "name" "registry-ca") $registry.ca) }}{{ end -}}
{{- dict "list" $mounts | toJson -}}
{{- end -}}

{{- define "roomcast.volumeMounts" -}}
{{- range (include "roomcast.mounts" . | fromJson).list }}
- name: {{ .name }}
  mountPath: /etc/roomcast/{{ .name }}
  readOnly: true
{{- end }}
{{- end -}}

{{- define "roomcast.volumes" -}}
{{- range (include "roomcast.mounts" . | fromJson).list }}
- name: {{ .name }}
{{- if .configMap }}
  configMap:
    name: {{ .configMap }}
{{- else }}
  secret:
    secretName: {{ .secret }}
    defaultMode: 0440
{{- end }}
{{- end }}
{{- end -}}
