{{/* A pod of `helm test` with Node and the worker's image. Takes (dict "root" $ "name" "audit" "args" (list …)). */}}
{{- define "dockercoins.test-pod" -}}
{{- $worker := dict "root" .root "name" "worker" }}
apiVersion: v1
kind: Pod
metadata:
  name: {{ .name }}
  labels:
    {{- include "dockercoins.labels" . | nindent 4 }}
  annotations:
    helm.sh/hook: test
    helm.sh/hook-delete-policy: before-hook-creation
spec:
  restartPolicy: OnFailure # a network may need a moment to apply its policies to a new pod
  activeDeadlineSeconds: 60
  containers:
    - name: {{ .name }}
      image: {{ include "dockercoins.image" $worker }}
      imagePullPolicy: {{ .root.Values.image.pullPolicy }}
      args:
        {{- toYaml .args | nindent 8 }}
      {{- with include "dockercoins.ledger" .root | trim }}
      env:
        {{- . | nindent 8 }}
      {{- end }}
      {{- include "dockercoins.container-security" . | nindent 6 }}
  securityContext:
    runAsNonRoot: true
    seccompProfile: { type: RuntimeDefault }
  automountServiceAccountToken: false
  {{- with include "dockercoins.placement" $worker | trim }}
  {{- . | nindent 2 }}
  {{- end }}
{{- end }}
