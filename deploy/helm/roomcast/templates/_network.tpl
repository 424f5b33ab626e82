{{/* The port of an http or https URL. */}}
{{- define "roomcast.portOf" -}}
{{- $url := urlParse . -}}
{{- $port := regexFind ":[0-9]+$" $url.host | trimPrefix ":" -}}
{{- $port | default (ternary "443" "80" (eq $url.scheme "https")) -}}
{{- end -}}

{{/* The ports that are given, or else that of a URL, as a list. Call with ports and url. */}}
{{- define "roomcast.portsOf" -}}
{{- .ports | default (list (include "roomcast.portOf" .url)) | toJson -}}
{{- end -}}

{{- define "roomcast.kafkaPorts" -}}
{{- $ports := .Values.networkPolicy.kafkaPorts -}}
{{- if not $ports -}}
{{- range .Values.kafka.brokers }}{{ $ports = append $ports (regexFind "[0-9]+$" .) }}{{ end -}}
{{- end -}}
{{- $texts := list -}}
{{- range $ports }}{{ $texts = append $texts (toString .) }}{{ end -}}
{{- $texts | uniq | toJson -}}
{{- end -}}

{{/* One rule of egress: these ports, at these peers or, when none are given, anywhere. */}}
{{- define "roomcast.outRule" -}}
- ports:
    {{- range .ports }}
    - { port: {{ . }}, protocol: TCP }
    {{- end }}
  {{- with .to }}
  to: {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}

{{- define "roomcast.dnsRule" -}}
- ports:
    - { port: 53, protocol: UDP }
    - { port: 53, protocol: TCP }
  {{- with . }}
  to: {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}
