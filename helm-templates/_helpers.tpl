{{/*
Texts in values are data: a string, one piece, or a list of strings and pieces. A piece is
  {setting: NAME}                   a value of .Values.settings
  {store: NAME, field: host}        what Terraform says of a managed store
  {env: NAME}                       a variable of the same container, read by the kubelet: $(NAME)
  {remote: NAME, encoded: true}     a value of Secrets Manager, inside an ExternalSecret
No text is ever a template.

app.text: the text as it is. Takes root and text; `kubelet: true` doubles each dollar sign, because the kubelet expands
$(NAME) in command, args and env, and turns $$ into one dollar sign.
*/}}
{{- define "app.text" -}}
{{- $root := .root -}}{{- $kubelet := .kubelet -}}
{{- $pieces := .text -}}
{{- if not (kindIs "slice" $pieces) -}}{{- $pieces = list $pieces -}}{{- end -}}
{{- range $piece := $pieces -}}
{{- $value := "" -}}{{- $plain := true -}}
{{- if kindIs "string" $piece -}}{{- $value = $piece -}}
{{- else if hasKey $piece "setting" -}}{{- $value = include "app.setting" (dict "root" $root "name" $piece.setting) -}}
{{- else if hasKey $piece "store" -}}{{- $value = include "app.store" (dict "root" $root "name" $piece.store "field" $piece.field) -}}
{{- else if hasKey $piece "env" -}}{{- $value = printf "$(%s)" $piece.env -}}{{- $plain = false -}}
{{- else -}}{{- fail (printf "no such piece of a text: %s" (toJson $piece)) -}}
{{- end -}}
{{- if and $kubelet $plain -}}{{- $value = replace "$" "$$" $value -}}{{- end -}}
{{- $value -}}
{{- end -}}
{{- end -}}

{{/* app.setting: a setting; one without a default has to be given, an empty one may be. */}}
{{- define "app.setting" -}}
{{- if not (hasKey .root.Values.settings .name) -}}
{{- fail (printf "settings.%s has no value: set it in the values file of the environment" .name) -}}
{{- end -}}
{{- index .root.Values.settings .name | toString -}}
{{- end -}}

{{/* app.infrastructure: one value of the hand-over from Terraform, by its path. */}}
{{- define "app.infrastructure" -}}
{{- $value := .root.Values.infrastructure | default dict -}}
{{- range .path -}}{{- $value = index ($value | default dict) . -}}{{- end -}}
{{- $hint := "write it with: terraform output -json helm_values > values-infra-<environment>.json, and pass that file with --values" -}}
{{- if kindIs "invalid" $value -}}{{- fail (printf "infrastructure.%s is missing; %s" (join "." .path) $hint) -}}{{- end -}}
{{- if kindIs "float64" $value -}}{{- int64 $value -}}{{- else -}}{{- required (printf "infrastructure.%s is empty; %s" (join "." .path) $hint) $value -}}{{- end -}}
{{- end -}}

{{/* app.store: host, port, database or username of a managed store. */}}
{{- define "app.store" -}}
{{- include "app.infrastructure" (dict "root" .root "path" (list "stores" .name .field)) -}}
{{- end -}}

{{/* app.template: a text for External Secrets, whose templates are Go templates: each brace of ours is a text there. */}}
{{- define "app.template" -}}
{{- $root := .root -}}
{{- $pieces := .text -}}
{{- if not (kindIs "slice" $pieces) -}}{{- $pieces = list $pieces -}}{{- end -}}
{{- range $piece := $pieces -}}
{{- if and (kindIs "map" $piece) (hasKey $piece "remote") -}}
{{- $encode := ternary ` | urlquery | replace "+" "%20"` "" (default false $piece.encoded) -}}
{{- printf "{{ index . %q%s }}" $piece.remote "" | replace " }}" (printf "%s }}" $encode) -}}
{{- else -}}
{{- include "app.text" (dict "root" $root "text" $piece) | replace "{" `{{ "{" }}` -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* app.labels: the labels of an object; with `name` those of one workload. */}}
{{- define "app.labels" -}}
{{ include "app.selector" . }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | quote }}
{{- end -}}

{{/* app.object: a name of the compose files as part of an object's name: `my_db` is `my-db`. */}}
{{- define "app.object" -}}
{{- regexReplaceAll "[^a-z0-9]+" (lower .) "-" | trimAll "-" -}}
{{- end -}}

{{/* app.secretName: the Secret of the cluster that holds what one secret of Secrets Manager gives. */}}
{{- define "app.secretName" -}}
{{- printf "%s-%s" .root.Chart.Name (include "app.object" .name) -}}
{{- end -}}

{{/* app.selector: the labels that never change, by which pods are selected. */}}
{{- define "app.selector" -}}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/part-of: {{ .root.Chart.Name }}
{{- with .name }}
app.kubernetes.io/name: {{ . }}
{{- end }}
{{- end -}}

{{/* app.accepted: what checkov says of an object and is not followed, with the reason. */}}
{{- define "app.accepted" -}}
{{- range $id, $reason := . }}
checkov.io/{{ $id }}: {{ $reason | quote }}
{{- end }}
{{- end -}}

{{/* app.image: repository and digest, or tag; one that the project builds comes from the registry that Terraform made. */}}
{{- define "app.image" -}}
{{- $root := .root -}}
{{- if .image.built -}}
{{- $built := index $root.Values.images .image.built -}}
{{- $repository := $built.repository -}}
{{- if not $repository -}}{{- $repository = include "app.infrastructure" (dict "root" $root "path" (list "images" .image.built)) -}}{{- end -}}
{{- if not (or $built.digest $built.tag) -}}
{{- fail (printf "images.%s has neither digest nor tag: pass --set-string images.%s.digest=sha256:... of the image that was signed" .image.built .image.built) -}}
{{- end -}}
{{- include "app.reference" (dict "repository" $repository "tag" $built.tag "digest" $built.digest) -}}
{{- else -}}
{{- include "app.reference" .image -}}
{{- end -}}
{{- end -}}

{{- define "app.reference" -}}
{{- if .digest -}}{{ printf "%s@%s" .repository .digest }}
{{- else if .tag -}}{{ printf "%s:%s" .repository (toString .tag) }}
{{- else -}}{{ .repository }}
{{- end -}}
{{- end -}}

{{/* app.pullPolicy: a digest names one image for ever, a tag may move. */}}
{{- define "app.pullPolicy" -}}
{{- if contains "@sha256:" . -}}IfNotPresent{{- else -}}Always{{- end -}}
{{- end -}}

{{/* app.jobName: a Job never changes, so its name follows what it runs: a release that changes nothing runs it not again. */}}
{{- define "app.jobName" -}}
{{- $workload := index .root.Values.workloads .name -}}
{{- $seed := list $workload .root.Values.settings .root.Values.images .root.Values.config (default dict .root.Values.infrastructure) -}}
{{- printf "%s-%s" (.name | trunc 54 | trimSuffix "-") (toJson $seed | sha256sum | trunc 8) -}}
{{- end -}}

{{/* app.restricted: the rights of a container of ours that needs none. */}}
{{- define "app.restricted" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
runAsNonRoot: true
runAsUser: 65534
runAsGroup: 65534
capabilities:
  drop: [ALL]
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{/* app.probe: a probe; words of a command are expanded by the kubelet like those of the container. */}}
{{- define "app.probe" -}}
{{- $root := .root -}}{{- $probe := .probe -}}
{{- if $probe.exec -}}
exec:
  command:
    {{- range $probe.exec }}
    - {{ include "app.text" (dict "root" $root "text" . "kubelet" true) | quote }}
    {{- end }}
{{- else if $probe.httpGet -}}
httpGet:
  path: {{ $probe.httpGet.path | quote }}
  port: {{ $probe.httpGet.port }}
  scheme: {{ $probe.httpGet.scheme }}
  httpHeaders:
    - name: Host
      value: {{ $probe.httpGet.host | quote }}
{{- else -}}
tcpSocket:
  port: {{ $probe.tcpSocket.port }}
{{- end }}
periodSeconds: {{ int $probe.periodSeconds }}
timeoutSeconds: {{ int $probe.timeoutSeconds }}
failureThreshold: {{ int $probe.failureThreshold }}
{{- end -}}

{{/* app.env: the environment of a container, sorted by name. */}}
{{- define "app.env" -}}
{{- $root := .root -}}
{{- range $name, $value := .env }}
- name: {{ $name | quote }}
{{- if and (kindIs "map" $value) (hasKey $value "secret") }}
  valueFrom:
    secretKeyRef:
      name: {{ include "app.secretName" (dict "root" $root "name" $value.secret) }}
      key: {{ $value.key | quote }}
{{- else }}
  value: {{ include "app.text" (dict "root" $root "text" $value "kubelet" true) | quote }}
{{- end }}
{{- end }}
{{- end -}}

{{/*
app.drain: how long a pod that others send requests to goes on serving after it was told to end: load balancer and Services
learn of it while it is told, and until then send it new requests.
*/}}
{{- define "app.drain" -}}
{{- if and (eq .workload.kind "Deployment") .workload.ports -}}{{- int .root.Values.drainSeconds -}}{{- else -}}0{{- end -}}
{{- end -}}

{{/* app.pod: the pod of a workload. Takes root, name, workload and restartPolicy. */}}
{{- define "app.pod" -}}
{{- $root := .root -}}{{- $name := .name -}}{{- $workload := .workload -}}
{{- $image := include "app.image" (dict "root" $root "image" $workload.image) -}}
metadata:
  labels:
    {{- include "app.selector" (dict "root" $root "name" $name) | nindent 4 }}
    {{- range $workload.networks }}
    network/{{ . }}: member
    {{- end }}
    {{- if $workload.internet }}
    network-access/internet: allowed
    {{- end }}
    {{- range $workload.waits }}{{ if .job }}
    network-access/kubernetes-api: allowed
    {{- end }}{{ end }}
    {{- range $workload.stores }}
    store/{{ include "app.object" . }}: client
    {{- end }}
  {{- if or $workload.files $root.Values.podAnnotations }}
  annotations:
    {{- with $workload.files }}
    {{- $read := dict }}{{ range . }}{{ $_ := set $read . (index $root.Values.config .) }}{{ end }}
    checksum/files: {{ toJson $read | sha256sum }}
    {{- end }}
    {{- with $root.Values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- end }}
spec:
  serviceAccountName: {{ $name }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  restartPolicy: {{ .restartPolicy }}
  {{- /* The time before SIGTERM counts against the grace period. */}}
  terminationGracePeriodSeconds: {{ add (int $workload.terminationGracePeriodSeconds) (include "app.drain" .) }}
  {{- if or $root.Values.imagePullSecrets $workload.imagePullSecrets }}
  imagePullSecrets:
    {{- range concat ($root.Values.imagePullSecrets | default list) ($workload.imagePullSecrets | default list) | uniq }}
    - name: {{ . | quote }}
    {{- end }}
  {{- end }}
  securityContext:
    {{- with $workload.podSecurityContext }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
    seccompProfile:
      type: RuntimeDefault
  {{- with $workload.hostAliases }}
  hostAliases:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $workload.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $workload.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $workload.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- if $workload.spread }}
  topologySpreadConstraints:
    - maxSkew: 1
      topologyKey: topology.kubernetes.io/zone
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels:
          {{- include "app.selector" (dict "root" $root "name" $name) | nindent 10 }}
      matchLabelKeys: [pod-template-hash]
  {{- end }}
  {{- with $workload.waits }}
  initContainers:
    {{- range . }}
    {{- include "app.wait" (dict "root" $root "wait" .) | nindent 4 }}
    {{- end }}
  {{- end }}
  containers:
    - name: {{ $name }}
      image: {{ $image | quote }}
      imagePullPolicy: {{ include "app.pullPolicy" $image }}
      {{- if hasKey $workload "command" }}
      command:
        {{- range $workload.command }}
        - {{ include "app.text" (dict "root" $root "text" . "kubelet" true) | quote }}
        {{- end }}
      {{- end }}
      {{- if hasKey $workload "args" }}
      args:
        {{- range $workload.args }}
        - {{ include "app.text" (dict "root" $root "text" . "kubelet" true) | quote }}
        {{- end }}
      {{- end }}
      {{- with $workload.workingDir }}
      workingDir: {{ . | quote }}
      {{- end }}
      {{- with $workload.env }}
      env:
        {{- include "app.env" (dict "root" $root "env" .) | trim | nindent 8 }}
      {{- end }}
      {{- with $workload.ports }}
      ports:
        {{- range . }}
        - name: {{ .name }}
          containerPort: {{ int .port }}
          protocol: {{ .protocol }}
        {{- end }}
      {{- end }}
      {{- range $kind := list "startupProbe" "readinessProbe" "livenessProbe" }}
      {{- with index $workload $kind }}
      {{ $kind }}:
        {{- include "app.probe" (dict "root" $root "probe" .) | nindent 8 }}
      {{- end }}
      {{- end }}
      {{- with include "app.drain" . | int }}
      lifecycle:
        preStop:
          sleep:
            seconds: {{ . }}
      {{- end }}
      resources:
        {{- toYaml $workload.resources | nindent 8 }}
      securityContext:
        {{- toYaml $workload.securityContext | nindent 8 }}
      {{- with $workload.mounts }}
      volumeMounts:
        {{- range . }}
        - name: {{ .volume }}
          mountPath: {{ .path | quote }}
          {{- with .subPath }}
          subPath: {{ . | quote }}
          {{- end }}
          {{- if .readOnly }}
          readOnly: true
          {{- end }}
        {{- end }}
      {{- end }}
  {{- with $workload.volumes }}
  volumes:
    {{- range $volume, $source := . }}
    - name: {{ $volume }}
      {{- if $source.claim }}
      persistentVolumeClaim:
        claimName: {{ $source.claim }}
      {{- else if $source.config }}
      configMap:
        name: {{ $source.config }}
        {{- with $source.items }}
        items:
          {{- toYaml . | nindent 10 }}
        {{- end }}
      {{- else if $source.secret }}
      secret:
        secretName: {{ include "app.secretName" (dict "root" $root "name" $source.secret) }}
        items:
          {{- toYaml $source.items | nindent 10 }}
      {{- else }}
      emptyDir: {{ toJson $source.emptyDir }}
      {{- end }}
    {{- end }}
    {{- if include "app.waitsForJob" $workload }}
    {{- include "app.tokenVolume" . | nindent 4 }}
    {{- end }}
  {{- else }}
  {{- if include "app.waitsForJob" $workload }}
  volumes:
    {{- include "app.tokenVolume" . | nindent 4 }}
  {{- end }}
  {{- end }}
{{- end -}}

{{- define "app.waitsForJob" -}}
{{- range .waits -}}{{- if .job -}}yes{{- end -}}{{- end -}}
{{- end -}}

{{/* app.tokenVolume: the token with which an init container alone asks the API whether a Job has completed. */}}
{{- define "app.tokenVolume" -}}
- name: wait-for-job
  projected:
    defaultMode: 0444
    sources:
      - serviceAccountToken:
          path: token
          expirationSeconds: 3600
      - configMap:
          name: kube-root-ca.crt
          items:
            - key: ca.crt
              path: ca.crt
      - downwardAPI:
          items:
            - path: namespace
              fieldRef:
                fieldPath: metadata.namespace
{{- end -}}

{{/* app.wait: an init container that waits: for an address, for the role of the application, or for a Job. */}}
{{- define "app.wait" -}}
{{- $root := .root -}}{{- $wait := .wait -}}
{{- $tools := $root.Values.tools -}}
- name: {{ printf "wait-for-%s" (coalesce $wait.job $wait.login $wait.store $wait.host | include "app.object") | trunc 63 | trimSuffix "-" }}
{{- if $wait.job }}
  image: {{ $tools.kubectl | quote }}
  args:
    - wait
    - --for=condition=complete
    - --timeout=10m
    - {{ printf "job/%s" (include "app.jobName" (dict "root" $root "name" $wait.job)) }}
{{- else if $wait.login }}
  image: {{ $tools.psql | quote }}
  command:
    - /bin/sh
    - -c
    - until psql --no-psqlrc --quiet --tuples-only --command 'SELECT 1' >/dev/null; do sleep 2; done
  env:
    - name: PGHOST
      value: {{ include "app.store" (dict "root" $root "name" $wait.login "field" "host") | quote }}
    - name: PGPORT
      value: {{ include "app.store" (dict "root" $root "name" $wait.login "field" "port") | quote }}
    - name: PGDATABASE
      value: {{ include "app.store" (dict "root" $root "name" $wait.login "field" "database") | quote }}
    - name: PGSSLMODE
      value: require
    - name: PGCONNECT_TIMEOUT
      value: "5"
    {{- range $variable, $key := dict "PGUSER" "username" "PGPASSWORD" "password" }}
    - name: {{ $variable }}
      valueFrom:
        secretKeyRef:
          name: {{ include "app.secretName" (dict "root" $root "name" $wait.login) }}
          key: {{ $key }}
    {{- end }}
{{- else }}
  image: {{ $tools.busybox | quote }}
  command:
    - /bin/sh
    - -c
    - until nc -z -w 3 "$WAIT_HOST" "$WAIT_PORT"; do sleep 2; done
  env:
    - name: WAIT_HOST
      {{- if $wait.store }}
      value: {{ include "app.store" (dict "root" $root "name" $wait.store "field" "host") | quote }}
      {{- else }}
      value: {{ $wait.host | quote }}
      {{- end }}
    - name: WAIT_PORT
      {{- if $wait.store }}
      value: {{ include "app.store" (dict "root" $root "name" $wait.store "field" "port") | quote }}
      {{- else }}
      value: {{ $wait.port | toString | quote }}
      {{- end }}
{{- end }}
  imagePullPolicy: IfNotPresent
  resources:
    requests:
      cpu: 10m
      memory: 32Mi
    limits:
      memory: 64Mi
  securityContext:
    {{- include "app.restricted" . | nindent 4 }}
{{- if $wait.job }}
  volumeMounts:
    - name: wait-for-job
      mountPath: /var/run/secrets/kubernetes.io/serviceaccount
      readOnly: true
{{- end }}
{{- end -}}
