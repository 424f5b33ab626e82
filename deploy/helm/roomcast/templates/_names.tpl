{{- define "roomcast.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if .Values.fullnameOverride -}}
{{ .Values.fullnameOverride | trunc 40 | trimSuffix "-" }}
{{- else if contains $name .Release.Name -}}
{{ .Release.Name | trunc 40 | trimSuffix "-" }}
{{- else -}}
{{ printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" }}
{{- end -}}
{{- end -}}

{{/* What pods are found by; never changes, as Deployments could not be upgraded otherwise. */}}
{{- define "roomcast.selector" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "roomcast.labels" -}}
{{ include "roomcast.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: roomcast
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "roomcast.image" -}}
{{- with .Values.image -}}
{{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ default $.Chart.AppVersion .tag }}{{ end }}
{{- end -}}
{{- end -}}

{{- define "roomcast.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{ default (include "roomcast.fullname" .) .Values.serviceAccount.name }}
{{- else -}}
{{ default "default" .Values.serviceAccount.name }}
{{- end -}}
{{- end -}}

{{/* What the code says of its services: ports, times, names of settings. Written by ../../generate.ts. */}}
{{- define "roomcast.services" -}}
{{ .Files.Get "files/services.json" }}
{{- end -}}

{{/* Where people outside, or else inside, find a service. */}}
{{- define "roomcast.address" -}}
{{- $values := index .root.Values .key -}}
{{- if $values.ingress.enabled -}}
{{ .scheme }}{{ if $values.ingress.tlsSecret }}s{{ end }}://{{ $values.ingress.host }}
{{- else -}}
{{ .scheme }}://{{ include "roomcast.fullname" .root }}-{{ .key }}.{{ .root.Release.Namespace }}:{{ $values.service.port }}
{{- end -}}
{{- end -}}
