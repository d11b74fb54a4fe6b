module scaffold.invalid/tools/postgres-exporter

go 1.26

tool github.com/prometheus-community/postgres_exporter/cmd/postgres_exporter

require github.com/prometheus-community/postgres_exporter v0.20.1
