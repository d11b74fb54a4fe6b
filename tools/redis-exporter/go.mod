module scaffold.invalid/tools/redis-exporter

go 1.26

tool github.com/oliver006/redis_exporter

require github.com/oliver006/redis_exporter v1.88.0
