{{- /* What the server is told: plain settings, the Secret of the others, and what the chart itself knows. */ -}}

{{- /* A value as a ConfigMap wants it: text. Numbers are written out, never as 1e+06. */ -}}
{{- define "resk.text" -}}
{{- if kindIs "string" . }}{{ . | quote }}{{ else }}{{ . | toJson | quote }}{{ end }}
{{- end }}

{{- /* Every plain setting, as NAME: "text". */ -}}
{{- define "resk.settings" -}}
NODE_ENV: production
HOST: 0.0.0.0
PORT: "3000"
DATA_DIR: /data
{{- if and .Values.redis.source (not (hasKey .Values.config "CACHE_BACKEND")) }}
CACHE_BACKEND: redis
{{- end }}
{{- if .Values.tls.enabled }}
TLS_CERT: /etc/resk/tls/tls.crt
TLS_KEY: /etc/resk/tls/tls.key
{{- if ne .Values.tls.clientAuth "none" }}
TLS_CLIENT_CA: {{ include "resk.clientCaFile" . }}
TLS_CLIENT_AUTH: {{ .Values.tls.clientAuth }}
{{- end }}
{{- end }}
{{- range $name, $value := .Values.config }}
{{- if ne (toString $value) "<nil>" }}
{{ $name }}: {{ include "resk.text" $value }}
{{- end }}
{{- end }}
{{- end }}

{{- /* The Secret with the settings that are none of the ConfigMap's; empty where there is none. */ -}}
{{- define "resk.secretName" -}}
{{- if .Values.externalSecret.enabled }}{{ include "resk.named" (list . "settings") }}{{ else }}{{ .Values.existingSecret }}{{ end }}
{{- end }}

{{- define "resk.redisHost" -}}
{{- if eq .Values.redis.source "chart" }}{{ include "resk.redisName" . }}{{ else }}{{ .Values.redis.host }}{{ end }}
{{- end }}

{{- /* Variables of the server that are made of others. */ -}}
{{- define "resk.env" -}}
{{- with .Values.redis }}
{{- if .source }}
{{- $port := ternary 6379 (int .port) (eq .source "chart") }}
{{- if .passwordSecret.name }}
- name: REDIS_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ .passwordSecret.name }}
      key: {{ .passwordSecret.key }}
{{- end }}
- name: REDIS_URL
  value: {{ printf "%s://%s%s%s:%d/%d" (ternary "rediss" "redis" .tls) .username (ternary ":$(REDIS_PASSWORD)" "" (ne .passwordSecret.name "")) (ternary (printf "@%s" (include "resk.redisHost" $)) (include "resk.redisHost" $) (or (ne .passwordSecret.name "") (ne .username ""))) $port (int .database) }}
{{- end }}
{{- end }}
{{- if .Values.config.ALLOWED_HOSTS }}
# Prometheus asks by address; jobs and tests of this release by the name of the Service.
- name: POD_IP
  valueFrom:
    fieldRef:
      fieldPath: status.podIP
- name: ALLOWED_HOSTS
  value: {{ printf "%s,%s,$(POD_IP)" .Values.config.ALLOWED_HOSTS (include "resk.serviceNames" . | fromJsonArray | join ",") }}
{{- end }}
{{- if .Values.config.OTEL_EXPORTER_OTLP_ENDPOINT }}
- name: POD_NAME
  valueFrom:
    fieldRef:
      fieldPath: metadata.name
- name: NODE_NAME
  valueFrom:
    fieldRef:
      fieldPath: spec.nodeName
- name: OTEL_RESOURCE_ATTRIBUTES
  value: {{ printf "%sk8s.namespace.name=%s,k8s.pod.name=$(POD_NAME),k8s.node.name=$(NODE_NAME)" (ternary (printf "%v," .Values.config.OTEL_RESOURCE_ATTRIBUTES) "" (ne (default "" .Values.config.OTEL_RESOURCE_ATTRIBUTES) "")) .Release.Namespace }}
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- /* A duration of the server (250ms, 30s, 5m, 2h, 1d) in whole seconds, rounded up. */ -}}
{{- define "resk.seconds" -}}
{{- $text := toString . | trim }}
{{- $number := regexFind "^[0-9.]+" $text | float64 }}
{{- $unit := regexFind "[a-z]+$" $text }}
{{- mulf $number (get (dict "ms" 0.001 "s" 1.0 "m" 60.0 "h" 3600.0 "d" 86400.0) $unit) | ceil | int64 }}
{{- end }}

{{- /* TLS: the Secrets and files. */ -}}
{{- define "resk.tlsSecret" -}}
{{- .Values.tls.secretName | default (include "resk.named" (list . "tls")) }}
{{- end }}

{{- define "resk.clientSecret" -}}
{{- .Values.tls.clientSecret | default (ternary (include "resk.named" (list . "client")) "" .Values.certManager.server.enabled) }}
{{- end }}

{{- define "resk.clientCaFile" -}}
{{- if .Values.tls.clientCaSecret }}/etc/resk/clients/{{ .Values.tls.clientCaKey }}{{ else }}/etc/resk/tls/{{ .Values.tls.clientCaKey }}{{ end }}
{{- end }}

{{- /* Whether the chart's own clients must show a certificate. */ -}}
{{- define "resk.clientsAreAsked" -}}
{{- if and .Values.tls.enabled (eq .Values.tls.clientAuth "required") }}true{{ end }}
{{- end }}
