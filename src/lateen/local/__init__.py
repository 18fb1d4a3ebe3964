"""One machine: namespaces, workloads as processes, supervision, the way in and out."""
