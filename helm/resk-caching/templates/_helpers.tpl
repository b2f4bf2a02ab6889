{{- /* Names and labels that the templates share. */ -}}

{{- /* Asked by the template that Helm renders first: without the values that are new, the others fail without a word. */ -}}
{{- define "resk.allValues" -}}
{{- range list "tests" "hooks" "monitoring" "networkPolicy" "rollout" }}
{{- if not (hasKey $.Values .) }}
{{- fail (printf "the value %s is missing, and everything new with it, as after an upgrade with --reuse-values: give your values with --values, or --reset-then-reuse-values." .) }}
{{- end }}
{{- end }}
{{- end }}

{{- define "resk.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- /* Room is left for the endings that the chart's other objects have: names of Services end at 63 characters. */ -}}
{{- define "resk.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- else if contains (include "resk.name" .) .Release.Name }}
{{- .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name (include "resk.name" .) | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- /* The name of one of the release's other objects: include "resk.redisName" .. */ -}}
{{- define "resk.named" -}}
{{- $ending := index . 1 }}
{{- printf "%s-%s" (include "resk.fullname" (index . 0) | trunc (int (sub 62 (len $ending))) | trimSuffix "-") $ending }}
{{- end }}

{{- /* A StatefulSet's name, and eleven characters, are a label of its pods. */ -}}
{{- define "resk.redisName" -}}
{{- printf "%s-redis" (include "resk.fullname" . | trunc 46 | trimSuffix "-") }}
{{- end }}

{{- /* By these the Deployment and its Service know the pods of the server. Kubernetes lets nobody change them. */ -}}
{{- define "resk.selectorLabels" -}}
app.kubernetes.io/name: {{ include "resk.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "resk.commonLabels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/part-of: resk-caching
{{- end }}

{{- define "resk.labels" -}}
{{ include "resk.selectorLabels" . }}
{{ include "resk.commonLabels" . }}
{{- end }}

{{- /* Pods that are not the server have another name, so that no selector of the server takes them for one of its own. */ -}}
{{- define "resk.partSelectorLabels" -}}
app.kubernetes.io/name: {{ printf "%s-%s" (include "resk.name" (index . 0) | trunc 55 | trimSuffix "-") (index . 1) }}
app.kubernetes.io/instance: {{ (index . 0).Release.Name }}
{{- end }}

{{- define "resk.partLabels" -}}
{{ include "resk.partSelectorLabels" . }}
{{ include "resk.commonLabels" (index . 0) }}
{{- end }}

{{- define "resk.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "resk.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- define "resk.image" -}}
{{- with .Values.image }}
{{- if .digest }}{{ .repository }}@{{ .digest }}{{ else }}{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}{{ end }}
{{- end }}
{{- end }}

{{- /* Whether there may be more than one pod of the server. */ -}}
{{- define "resk.several" -}}
{{- if or (gt (int .Values.replicaCount) 1) .Values.autoscaling.enabled .Values.rollout.enabled }}true{{ end }}
{{- end }}

{{- /* Names by which the service is asked from inside the cluster, with and without a certificate. */ -}}
{{- define "resk.serviceNames" -}}
{{- $services := list (include "resk.fullname" .) }}
{{- if .Values.rollout.enabled }}
{{- $services = append $services (include "resk.named" (list . (ternary "preview" "canary" (eq .Values.rollout.strategy "blueGreen")))) }}
{{- end }}
{{- $names := list }}
{{- range $services }}
{{- $names = concat $names (list . (printf "%s.%s" . $.Release.Namespace) (printf "%s.%s.svc" . $.Release.Namespace)) }}
{{- end }}
{{- $names | toJson }}
{{- end }}

{{- define "resk.url" -}}
{{ ternary "https" "http" .Values.tls.enabled }}://{{ include "resk.fullname" . }}.{{ .Release.Namespace }}.svc:{{ .Values.service.port }}
{{- end }}

{{- /* What PodSecurity restricted asks of a pod and of a container. */ -}}
{{- define "resk.podSecurity" -}}
runAsNonRoot: true
runAsUser: {{ . }}
runAsGroup: {{ . }}
fsGroup: {{ . }}
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "resk.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}
