import '@grafana/grafana-foundation-sdk/dashboard'
