{{- /* The pod of the server, as the Deployment and the Rollout make it. */ -}}

{{- define "resk.podTemplate" -}}
metadata:
  labels:
    {{- include "resk.labels" . | nindent 4 }}
    app.kubernetes.io/component: server
    {{- with .Values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  annotations:
    # A changed setting starts new pods.
    checksum/config: {{ include (print $.Template.BasePath "/configmap.yaml") . | sha256sum }}
    {{- with .Values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "resk.serviceAccountName" . }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  # preStop, then STOP_TIMEOUT for the requests under way, then the closing of stores and traces.
  terminationGracePeriodSeconds: {{ add .Values.preStopSeconds (include "resk.seconds" (.Values.config.STOP_TIMEOUT | default "10s")) 15 }}
  securityContext:
    {{- include "resk.podSecurity" 10001 | nindent 4 }}
  {{- with .Values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with include "resk.nodes" . | trim }}
  {{- . | nindent 2 }}
  {{- end }}
  containers:
    - name: server
      image: {{ include "resk.image" . | quote }}
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      envFrom:
        - configMapRef:
            name: {{ include "resk.fullname" . }}
        {{- with include "resk.secretName" . }}
        - secretRef:
            name: {{ . }}
        {{- end }}
      {{- with include "resk.env" . }}
      env:
        {{- . | trim | nindent 8 }}
      {{- end }}
      ports:
        - name: http
          containerPort: 3000
          protocol: TCP
      startupProbe:
        {{- include "resk.probe" (list . "/health/live" .Values.probes.startup) | trim | nindent 8 }}
      livenessProbe:
        {{- include "resk.probe" (list . "/health/live" .Values.probes.liveness) | trim | nindent 8 }}
      readinessProbe:
        {{- include "resk.probe" (list . "/health/ready" .Values.probes.readiness) | trim | nindent 8 }}
      {{- if .Values.preStopSeconds }}
      lifecycle:
        preStop:
          {{- if semverCompare ">=1.30-0" .Capabilities.KubeVersion.Version }}
          sleep:
            seconds: {{ .Values.preStopSeconds }}
          {{- else }}
          exec:
            command: [node, -e, "setTimeout(() => {}, {{ mul .Values.preStopSeconds 1000 }})"]
          {{- end }}
      {{- end }}
      securityContext:
        {{- include "resk.containerSecurity" . | nindent 8 }}
      resources:
        {{- toYaml .Values.resources | nindent 8 }}
      volumeMounts:
        - name: data
          mountPath: /data
        - name: tmp
          mountPath: /tmp
        {{- with include "resk.tlsMounts" . | trim }}
        {{- . | nindent 8 }}
        {{- end }}
        {{- if include "resk.clientsAreAsked" . }}
        - name: client
          mountPath: /etc/resk/client
          readOnly: true
        - name: scripts
          mountPath: /etc/resk/scripts
          readOnly: true
        {{- end }}
        {{- with .Values.extraVolumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
  volumes:
    - name: data
      {{- if .Values.persistence.enabled }}
      persistentVolumeClaim:
        claimName: {{ .Values.persistence.existingClaim | default (include "resk.fullname" .) }}
      {{- else }}
      emptyDir:
        sizeLimit: {{ .Values.ephemeralStorage.data }}
      {{- end }}
    - name: tmp
      emptyDir:
        sizeLimit: {{ .Values.ephemeralStorage.tmp }}
    {{- with include "resk.tlsVolumes" . | trim }}
    {{- . | nindent 4 }}
    {{- end }}
    {{- if include "resk.clientsAreAsked" . }}
    {{- include "resk.clientVolume" . | nindent 4 }}
    {{- include "resk.scriptsVolume" . | nindent 4 }}
    {{- end }}
    {{- with .Values.extraVolumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with include "resk.placement" . | trim }}
  {{- . | nindent 2 }}
  {{- end }}
{{- end }}

{{- /* On which nodes a pod of the release may run, and before whom. */ -}}
{{- define "resk.nodes" -}}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- /* A probe of one path. The kubelet has no client certificate: where one is asked for, the pod asks itself. */ -}}
{{- define "resk.probe" -}}
{{- $root := index . 0 }}
{{- if include "resk.clientsAreAsked" $root }}
exec:
  command: [node, /etc/resk/scripts/probe.mjs, "https://127.0.0.1:3000{{ index . 1 }}", /etc/resk/client]
{{- else }}
httpGet:
  path: {{ index . 1 }}
  port: http
  {{- if $root.Values.tls.enabled }}
  scheme: HTTPS
  {{- end }}
{{- end }}
{{ toYaml (index . 2) }}
{{- end }}

{{- define "resk.tlsMounts" -}}
{{- if .Values.tls.enabled }}
- name: tls
  mountPath: /etc/resk/tls
  readOnly: true
{{- if and .Values.tls.clientCaSecret (ne .Values.tls.clientAuth "none") }}
- name: clients
  mountPath: /etc/resk/clients
  readOnly: true
{{- end }}
{{- end }}
{{- end }}

{{- define "resk.tlsVolumes" -}}
{{- if .Values.tls.enabled }}
- name: tls
  secret:
    secretName: {{ include "resk.tlsSecret" . }}
    defaultMode: 0440
{{- if and .Values.tls.clientCaSecret (ne .Values.tls.clientAuth "none") }}
- name: clients
  secret:
    secretName: {{ .Values.tls.clientCaSecret }}
    items:
      - key: {{ .Values.tls.clientCaKey }}
        path: {{ .Values.tls.clientCaKey }}
    defaultMode: 0440
{{- end }}
{{- end }}
{{- end }}

{{- define "resk.clientVolume" -}}
- name: client
  secret:
    secretName: {{ include "resk.clientSecret" . }}
    defaultMode: 0440
{{- end }}

{{- define "resk.scriptsVolume" -}}
- name: scripts
  configMap:
    name: {{ include "resk.named" (list . "scripts") }}
{{- end }}

{{- define "resk.versionLabel" -}}
{{- ternary "rollouts-pod-template-hash" "pod-template-hash" .Values.rollout.enabled }}
{{- end }}

{{- /* How pods are replaced: where each needs a node of its own, and before 1.31, none is there for a pod too many. */ -}}
{{- define "resk.replacement" -}}
{{- if and (eq .Values.antiAffinity "hard") (semverCompare "<1.31-0" .Capabilities.KubeVersion.Version) -}}
maxUnavailable: 1
maxSurge: 0
{{- else -}}
maxUnavailable: 0
maxSurge: 25%
{{- end }}
{{- end }}

{{- /* Where the pods go, seen from each other. */ -}}
{{- define "resk.placement" -}}
{{- if .Values.affinity }}
affinity:
  {{- toYaml .Values.affinity | nindent 2 }}
{{- else if and (include "resk.several" .) (ne .Values.antiAffinity "none") }}
affinity:
  podAntiAffinity:
    {{- if eq .Values.antiAffinity "hard" }}
    requiredDuringSchedulingIgnoredDuringExecution:
      - topologyKey: kubernetes.io/hostname
        labelSelector:
          matchLabels:
            {{- include "resk.selectorLabels" . | nindent 12 }}
        {{- if semverCompare ">=1.31-0" .Capabilities.KubeVersion.Version }}
        # Of one version among themselves: a new pod may stand beside the one that it replaces.
        matchLabelKeys: [{{ include "resk.versionLabel" . }}]
        {{- end }}
    {{- else }}
    preferredDuringSchedulingIgnoredDuringExecution:
      - weight: 100
        podAffinityTerm:
          topologyKey: kubernetes.io/hostname
          labelSelector:
            matchLabels:
              {{- include "resk.selectorLabels" . | nindent 14 }}
    {{- end }}
{{- end }}
{{- $spread := .Values.topologySpread }}
{{- if and (include "resk.several" .) (or $spread.zones $spread.nodes) }}
topologySpreadConstraints:
  {{- range $topology, $how := dict "topology.kubernetes.io/zone" $spread.zones "kubernetes.io/hostname" $spread.nodes }}
  {{- if $how }}
  - topologyKey: {{ $topology }}
    maxSkew: 1
    whenUnsatisfiable: {{ $how }}
    labelSelector:
      matchLabels:
        {{- include "resk.selectorLabels" $ | nindent 8 }}
    {{- if semverCompare ">=1.27-0" $.Capabilities.KubeVersion.Version }}
    # Pods of one version among themselves: those that are leaving do not count.
    matchLabelKeys: [{{ include "resk.versionLabel" $ }}]
    {{- end }}
  {{- end }}
  {{- end }}
{{- end }}
{{- end }}
