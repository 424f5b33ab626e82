{{/* An edge that goes sends its clients away; a state-machine or mixer that comes or goes moves partitions. All that is done one at a time. */}}
{{- define "roomcast.scalingBehavior" -}}
{{- if eq . "ingest" -}}
scaleDown:
  stabilizationWindowSeconds: 300
{{- else if eq . "edge" -}}
scaleUp:
  stabilizationWindowSeconds: 0
scaleDown:
  stabilizationWindowSeconds: 900
  policies: [{ type: Pods, value: 1, periodSeconds: 60 }]
{{- else -}}
scaleUp:
  stabilizationWindowSeconds: 60
  policies: [{ type: Pods, value: 1, periodSeconds: 60 }]
scaleDown:
  stabilizationWindowSeconds: 1800
  policies: [{ type: Pods, value: 1, periodSeconds: 300 }]
{{- end -}}
{{- end -}}
