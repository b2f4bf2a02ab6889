{{- /* A pod that asks a Service as a client does: for helm test, and before a blue/green switch. */ -}}
{{- define "resk.smokePod" -}}
{{- $root := index . 0 }}
{{- $service := index . 1 }}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  {{- include "resk.podSecurity" 10001 | nindent 2 }}
{{- with $root.Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with include "resk.nodes" $root | trim }}
{{ . }}
{{- end }}
containers:
  - name: client
    image: {{ include "resk.image" $root | quote }}
    imagePullPolicy: {{ $root.Values.image.pullPolicy }}
    command: [node, /etc/resk/scripts/smoke.mjs, "{{ ternary "https" "http" $root.Values.tls.enabled }}://{{ $service }}.{{ $root.Release.Namespace }}.svc:{{ $root.Values.service.port }}"]
    env:
      - name: METRICS_ACCESS
        value: {{ $root.Values.config.METRICS_ACCESS | default "open" | quote }}
      {{- if and $root.Values.tls.enabled $root.Values.tls.caKey }}
      - name: SMOKE_CA
        value: /etc/resk/tls/ca.crt
      {{- end }}
      {{- if include "resk.clientsAreAsked" $root }}
      - name: SMOKE_CLIENT
        value: /etc/resk/client
      {{- end }}
      {{- with $root.Values.tests.tokenSecret }}
      {{- if .name }}
      - name: SMOKE_TOKEN
        valueFrom:
          secretKeyRef:
            name: {{ .name }}
            key: {{ .key }}
      {{- end }}
      {{- end }}
    securityContext:
      {{- include "resk.containerSecurity" $root | nindent 6 }}
    resources:
      {{- toYaml $root.Values.hooks.resources | nindent 6 }}
    volumeMounts:
      - name: scripts
        mountPath: /etc/resk/scripts
        readOnly: true
      {{- if and $root.Values.tls.enabled $root.Values.tls.caKey }}
      - name: tls
        mountPath: /etc/resk/tls
        readOnly: true
      {{- end }}
      {{- if include "resk.clientsAreAsked" $root }}
      - name: client
        mountPath: /etc/resk/client
        readOnly: true
      {{- end }}
volumes:
  {{- include "resk.scriptsVolume" $root | nindent 2 }}
  {{- if and $root.Values.tls.enabled $root.Values.tls.caKey }}
  - name: tls
    secret:
      secretName: {{ include "resk.tlsSecret" $root }}
      defaultMode: 0440
      # A client needs the authority alone, and not the key.
      items:
        - { key: {{ $root.Values.tls.caKey }}, path: ca.crt }
  {{- end }}
  {{- if include "resk.clientsAreAsked" $root }}
  {{- include "resk.clientVolume" $root | nindent 2 }}
  {{- end }}
{{- end }}
