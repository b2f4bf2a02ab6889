{{- /* Who must be let in or out: what a network policy would else cut off without a word. */ -}}

{{- /* Values that make the server call somebody beside the Redis of this release, as text. */ -}}
{{- define "resk.callsOut" -}}
{{- $calls := list }}
{{- $vendors := dict "EMBEDDING_PROVIDER" (list "openai" "azure-openai" "huggingface" "tei") "VECTORDB_TYPE" (list "chroma" "milvus" "pinecone" "weaviate") "RERANK_PROVIDER" (list "cohere" "tei") "KEY_SERVICE" (list "aws-kms" "gcp-kms" "vault") }}
{{- range $name, $value := .Values.config }}
{{- $theirs := and (hasKey $vendors $name) (has $value (get $vendors $name)) }}
{{- $address := and $value (regexMatch "_(URL|ENDPOINT)$" $name) (ne $name "RESK_URL") }}
{{- $issuer := and (eq $name "JWT_DISCOVERY") (eq (toString $value) "true") }}
{{- $redis := and (has $name (list "CACHE_BACKEND" "RECORDS_BACKEND")) (eq (toString $value) "redis") (ne $.Values.redis.source "chart") }}
{{- if or $theirs $address $issuer $redis }}
{{- $calls = append $calls (printf "config.%s" $name) }}
{{- end }}
{{- end }}
{{- if eq .Values.redis.source "existing" }}
{{- $calls = append $calls "redis.source=existing" }}
{{- end }}
{{- join ", " $calls }}
{{- end }}

{{- /* Values by which somebody of another namespace, or from outside, asks the server, as text. */ -}}
{{- define "resk.askedFromElsewhere" -}}
{{- $ways := list }}
{{- if .Values.ingress.enabled }}{{ $ways = append $ways "ingress.enabled" }}{{ end }}
{{- if .Values.gateway.enabled }}{{ $ways = append $ways "gateway.enabled" }}{{ end }}
{{- if ne .Values.service.type "ClusterIP" }}{{ $ways = append $ways (printf "service.type=%s" .Values.service.type) }}{{ end }}
{{- if .Values.monitoring.serviceMonitor.enabled }}{{ $ways = append $ways "monitoring.serviceMonitor.enabled" }}{{ end }}
{{- join ", " $ways }}
{{- end }}
