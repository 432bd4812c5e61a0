{{- define "sloscout.name" -}}
{{- default .Release.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- define "sloscout.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ default .Chart.AppVersion .Values.image.tag }}
{{- end -}}
{{- end -}}

{{/* What selects the pods of a component: (list . "workers"). It never changes, so it holds no version. */}}
{{- define "sloscout.selector" -}}
app.kubernetes.io/name: sloscout
app.kubernetes.io/instance: {{ (index . 0).Release.Name | quote }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{- define "sloscout.labels" -}}
{{ include "sloscout.selector" . }}
app.kubernetes.io/version: {{ (index . 0).Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ (index . 0).Release.Service }}
helm.sh/chart: {{ printf "%s-%s" (index . 0).Chart.Name (index . 0).Chart.Version }}
{{- end -}}

{{/* Labels of a pod: those of its component, and the user's. */}}
{{- define "sloscout.podLabels" -}}
{{ include "sloscout.labels" . }}
{{- with (index . 0).Values.podLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* The pod's side of being harmless; (list . 65532). */}}
{{- define "sloscout.podSecurity" -}}
runAsNonRoot: true
runAsUser: {{ index . 1 }}
runAsGroup: {{ index . 1 }}
fsGroup: {{ index . 1 }}
fsGroupChangePolicy: OnRootMismatch
seccompProfile: { type: RuntimeDefault }
{{- end -}}

{{- define "sloscout.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
privileged: false
capabilities: { drop: [ALL] }
{{- end -}}

{{/* Where pods go, and what they may not do. */}}
{{- define "sloscout.podSettings" -}}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
{{- range . }}
  - name: {{ . }}
{{- end }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector: {{ toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations: {{ toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* Replicas apart from each other, where there is room: (list . "workers"). */}}
{{- define "sloscout.spread" -}}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector: { matchLabels: { {{- include "sloscout.selector" . | replace "\n" ", " -}} } }
  - maxSkew: 1
    topologyKey: topology.kubernetes.io/zone
    whenUnsatisfiable: ScheduleAnyway
    labelSelector: { matchLabels: { {{- include "sloscout.selector" . | replace "\n" ", " -}} } }
{{- end -}}

{{- define "sloscout.tokensSecret" -}}
{{- default (printf "%s-tokens" (include "sloscout.name" .)) .Values.tokens.existingSecret -}}
{{- end -}}

{{/* DATABASE_URL; the password stands in a secret, and the kubelet puts it in. */}}
{{- define "sloscout.databaseEnv" -}}
{{- if .Values.postgres.inChart }}
- name: POSTGRES_PASSWORD
  valueFrom: { secretKeyRef: { name: {{ include "sloscout.name" . }}-postgres, key: password } }
- name: DATABASE_URL
  value: postgresql://sloscout:$(POSTGRES_PASSWORD)@{{ include "sloscout.name" . }}-postgres:5432/sloscout
{{- else }}
- name: DATABASE_URL
  valueFrom: { secretKeyRef: { name: {{ required "postgres.external.secretName names the secret with the database's URL" .Values.postgres.external.secretName }}, key: {{ .Values.postgres.external.secretKey }} } }
{{- end }}
{{- end -}}

{{/* The brokers, as a list in JSON, which is YAML too. */}}
{{- define "sloscout.brokers" -}}
{{- if .Values.kafka.inChart -}}
{{ list (printf "%s-kafka:9092" (include "sloscout.name" .)) | toJson }}
{{- else -}}
{{- if not .Values.kafka.external.brokers }}{{ fail "kafka.external.brokers names the brokers" }}{{ end -}}
{{ .Values.kafka.external.brokers | toJson }}
{{- end -}}
{{- end -}}

{{/* A job file of ours with the brokers in it, or the user's as it is: (list . "workers"). */}}
{{- define "sloscout.jobFile" -}}
{{- $root := index . 0 -}}
{{- $own := get (get $root.Values (index . 1)) "jobs" -}}
{{- if $own -}}
{{ $own }}
{{- else -}}
{{ $root.Files.Get (printf "jobs/%s.yaml" (index . 1)) | replace "[\"${KAFKA_BROKER:-localhost:9092}\"]" (include "sloscout.brokers" $root) }}
{{- end -}}
{{- end -}}

{{/* SLOSCOUT_STATE, and how to reach the bucket when it is one. */}}
{{- define "sloscout.stateEnv" -}}
{{- if eq .Values.checkpoints.store "s3" -}}
- name: SLOSCOUT_STATE
  value: s3://{{ .Values.objectStore.bucket }}/{{ .Values.checkpoints.prefix }}
- name: AWS_REGION
  value: {{ .Values.objectStore.region }}
{{- $secret := printf "%s-objects" (include "sloscout.name" .) }}
{{- if not .Values.objectStore.inChart }}
{{- $secret = required "objectStore.external.secretName names the secret with accessKey and secretKey" .Values.objectStore.external.secretName }}
{{- end }}
- name: AWS_ENDPOINT_URL_S3
{{- if .Values.objectStore.inChart }}
  value: http://{{ include "sloscout.name" . }}-objects:8333
{{- else }}
  value: {{ required "objectStore.external.endpoint says where the object store is" .Values.objectStore.external.endpoint }}
{{- end }}
- name: AWS_ACCESS_KEY_ID
  valueFrom: { secretKeyRef: { name: {{ $secret }}, key: accessKey } }
- name: AWS_SECRET_ACCESS_KEY
  valueFrom: { secretKeyRef: { name: {{ $secret }}, key: secretKey } }
{{- else -}}
- name: SLOSCOUT_STATE
  value: /var/lib/sloscout/state
{{- end }}
{{- end -}}

{{/*
A secret whose values are made once: (dict "root" . "name" … "component" … "data" (dict "key" length …)). What the cluster has stays, key by key,
and a key that a later version of the chart adds is added. helm uninstall leaves it: data on volumes are of use with it only.
*/}}
{{- define "sloscout.stableSecret" -}}
{{- $old := (lookup "v1" "Secret" .root.Release.Namespace .name) | default dict -}}
{{- $data := get $old "data" | default dict -}}
apiVersion: v1
kind: Secret
metadata:
  name: {{ .name }}
  labels: {{- include "sloscout.labels" (list .root .component) | nindent 4 }}
  annotations: { helm.sh/resource-policy: keep }
type: Opaque
data:
{{- range $key, $length := .data }}
  {{ $key }}: {{ get $data $key | default (randAlphaNum (int $length) | b64enc) }}
{{- end }}
{{- end -}}
