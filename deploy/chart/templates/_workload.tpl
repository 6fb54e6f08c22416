{{/* What the files of the workloads share. Each takes (dict "root" $ "name" "rng"). */}}

{{- define "dockercoins.labels" -}}
app: {{ .name }}
app.kubernetes.io/name: {{ .name }}
app.kubernetes.io/part-of: dockercoins
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion }}
{{- end }}

{{- define "dockercoins.pod-metadata" -}}
{{- $scrape := dict "prometheus.io/scrape" "true" "prometheus.io/port" "80" }}
{{- $isScraped := and .root.Values.scrapeAnnotations (ne .name "redis") }}
{{- with merge (dict) .root.Values.podAnnotations (ternary $scrape (dict) $isScraped) }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
labels:
  app: {{ .name }}
  app.kubernetes.io/part-of: dockercoins
  {{- with merge (ternary (dict "track" "canary") (dict) (not (empty .canary))) .root.Values.podLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}

{{/* Environment variables from a map. A large number from a file is a float, which would be written as 3e+07. */}}
{{- define "dockercoins.variables" -}}
{{- range $name, $value := . }}
- name: {{ $name }}
  value: {{ (kindIs "float64" $value) | ternary (int64 $value) $value | quote }}
{{- end }}
{{- end }}

{{/* The ledger's variables. Without any, a service uses redis://redis:6379. */}}
{{- define "dockercoins.ledger" -}}
{{- with .Values.ledger }}
{{- if .existingSecret }}
- name: LEDGER_URL
  valueFrom: { secretKeyRef: { name: {{ .existingSecret }}, key: {{ .existingSecretKey }} } }
{{- else if .url }}
- name: LEDGER_URL
  value: {{ .url | quote }}
{{- end }}
{{- with .keyPrefix }}
- name: KEY_PREFIX
  value: {{ . | quote }}
{{- end }}
{{- end }}
{{- end }}

{{/* "true" when the chart brings the Redis. */}}
{{- define "dockercoins.has-redis" -}}
{{- if not (or .Values.ledger.url .Values.ledger.existingSecret) }}true{{ end }}
{{- end }}

{{/* The parts of a pod that have to do with the cluster and not with the service. */}}
{{- define "dockercoins.placement" -}}
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- if .root.Values.topologySpread }}
topologySpreadConstraints: # replicas go to different nodes
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector: { matchLabels: { app: {{ .name }} } }
{{- end }}
{{- with .root.Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- range $field := list "nodeSelector" "tolerations" "affinity" }}
{{- with index $.root.Values $field }}
{{ $field }}:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- end }}

{{- define "dockercoins.container-security" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: { drop: [ALL] }
{{- end }}

{{- define "dockercoins.image" -}}
{{ .root.Values.image.registry }}/{{ .name }}:{{ (.canary | default (index .root.Values .name)).tag | default .root.Values.image.tag }}
{{- end }}

{{/* A Deployment of one of the four services. "variables" are further ones, as YAML; "canary" are the values of a second one. */}}
{{- define "dockercoins.deployment" -}}
{{- $values := .root.Values }}
{{- $service := index $values .name }}
{{- $variables := cat (.variables | default "") (include "dockercoins.variables" (merge (dict) $service.env $values.env)) | trim }}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .name }}{{ if .canary }}-canary{{ end }}
  labels:
    {{- include "dockercoins.labels" . | nindent 4 }}
spec:
  {{- if or .canary (not $service.autoscaling.enabled) }}
  replicas: {{ (.canary | default $service).replicas }}
  {{- end }}
  strategy:
    rollingUpdate: {{- toYaml $values.rollingUpdate | nindent 6 }}
  selector:
    matchLabels: { app: {{ .name }}{{ if .canary }}, track: canary{{ end }} }
  template:
    metadata:
      {{- include "dockercoins.pod-metadata" . | trim | nindent 6 }}
    spec:
      containers:
        - name: {{ .name }}
          image: {{ include "dockercoins.image" . }}
          imagePullPolicy: {{ $values.image.pullPolicy }}
          ports:
            - { name: http, containerPort: 80 }
          env:
            - { name: NODE_NAME, valueFrom: { fieldRef: { fieldPath: spec.nodeName } } }
            {{- with $variables }}
            {{- . | nindent 12 }}
            {{- end }}
          startupProbe: # no probe waits behind simulated work
            httpGet: { path: /healthz, port: http }
            periodSeconds: 1
            failureThreshold: 120
          readinessProbe:
            httpGet: { path: /readyz, port: http }
            periodSeconds: 2
            timeoutSeconds: 3
          livenessProbe:
            httpGet: { path: /healthz, port: http }
            periodSeconds: 10
            timeoutSeconds: 5
          resources:
            {{- toYaml $service.resources | nindent 12 }}
          {{- include "dockercoins.container-security" . | nindent 10 }}
      securityContext:
        runAsNonRoot: true
        seccompProfile: { type: RuntimeDefault }
        sysctls: # port 80 without root
          - { name: net.ipv4.ip_unprivileged_port_start, value: '0' }
      automountServiceAccountToken: false
      enableServiceLinks: false
      terminationGracePeriodSeconds: 10
      {{- with include "dockercoins.placement" . | trim }}
      {{- . | nindent 6 }}
      {{- end }}
{{- end }}

{{/* A Service on port 80. "service" are the values of webui's. */}}
{{- define "dockercoins.service" -}}
{{- $values := .service | default dict }}
apiVersion: v1
kind: Service
metadata:
  name: {{ .name }}
  labels:
    {{- include "dockercoins.labels" . | nindent 4 }}
  {{- with $values.annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  {{- with $values.type }}
  type: {{ . }}
  {{- end }}
  selector: { app: {{ .name }} }
  ports:
    - { name: http, port: 80, targetPort: http{{ with $values.nodePort }}, nodePort: {{ . }}{{ end }} }
{{- end }}
