import { join } from 'node:path'
import { PlatformError } from './error.ts'

/** Ports of the media server: sources are pushed to `rtmp`, mixes to `mix`; `http` serves HLS and the statistics. */
export type MediaPorts = { readonly rtmp: number; readonly mix: number; readonly http: number }

const endedScript = join(import.meta.dirname, 'media-ended.sh')

/** Of a room id, see the contract: the only names that broadcasters may publish. */
const room = '[A-Za-z0-9]{1,64}'

/** Throws a PlatformError when app or suffix cannot be part of a stream's address, or a mix could have the name of a room. */
const checkNames = (app: string, mixSuffix: string): void => {
  if (!/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/.test(app))
    throw new PlatformError('MEDIA_APP: the media server takes letters, digits, _ and -')
  if (!/^_[A-Za-z0-9_]{1,31}$/.test(mixSuffix))
    throw new PlatformError('MIX_SUFFIX: the media server takes _ and then letters, digits and _')
}

/**
 * nginx as one process in the foreground that writes nowhere but to its folder and its standard error. No access logs: an address
 * that is published to holds its key.
 *
 * Two RTMP servers with an application of the same name each: broadcasters push to the first, which asks `notifyUrl` (a form POST; an
 * answer other than 2xx refuses) and tells it of the end; mixes are published in the second, from this machine and under names
 * of mixes alone. A playlist goes with its stream: what is there is on the air.
 */
export const describeNginx = ({
  folder,
  hls,
  rtmpModule,
  ports,
  app,
  mixSuffix,
  notifyUrl,
}: {
  readonly folder: string
  readonly hls: string
  readonly rtmpModule: string | undefined
  readonly ports: MediaPorts
  readonly app: string
  readonly mixSuffix: string
  readonly notifyUrl: string
}): string => {
  checkNames(app, mixSuffix)
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `  ${kind}_temp_path "${join(folder, 'tmp', kind)}";\n`,
  )
  const stream = (kind: 'source' | 'mix'): string => `\
      live on;
      idle_streams off;
      drop_idle_publisher 5s;
      wait_key on;
      hls on;
      hls_path "${join(hls, kind)}";
      hls_fragment 1s;
      hls_max_fragment 10s;
      hls_playlist_length 8s;
      hls_fragment_naming system;
      hls_cleanup off;
      exec_publish_done bash "${endedScript}" ${ports.http} $name "${join(hls, kind)}/$name.m3u8";`
  const playlist = (files: string): string => `\
      default_type application/vnd.apple.mpegurl;
      add_header Access-Control-Allow-Origin * always;
      add_header Cache-Control no-store always;
      etag off;
      if_modified_since off;
      try_files ${files} =404;`
  const fragment = (kind: 'source' | 'mix'): string => `\
      default_type video/mp2t;
      add_header Access-Control-Allow-Origin * always;
      add_header Cache-Control "public, max-age=60";
      try_files /${kind}/$1 =404;`
  return `\
daemon off;
master_process off;
pid "${join(folder, 'nginx.pid')}";
error_log stderr warn;
${rtmpModule === undefined ? '' : `load_module "${rtmpModule}";\n`}\
events {
  worker_connections 1024;
}
rtmp {
  access_log off;
  chunk_size 4096;
  max_message 8M;
  server {
    listen 127.0.0.1:${ports.rtmp};
    application ${app} {
${stream('source')}
      on_publish ${notifyUrl};
      on_publish_done ${notifyUrl};
    }
  }
  server {
    listen 127.0.0.1:${ports.mix};
    application ${app} {
      allow publish 127.0.0.1;
      deny publish all;
${stream('mix')}
      notify_method get;
      on_publish http://127.0.0.1:${ports.http}/mix-name;
    }
  }
}
http {
  access_log off;
  server_tokens off;
  sendfile on;
${temporary.join('')}\
  types {}
  server {
    listen 127.0.0.1:${ports.http};
    root "${hls}";
    location = /stat {
      allow 127.0.0.1;
      deny all;
      rtmp_stat all;
    }
    location = /mix-name {
      if ($arg_name !~ "^${room}${mixSuffix}$") {
        return 403;
      }
      return 204;
    }
    location ~ "^/${app}/(${room})\\.m3u8$" {
${playlist('/source/$1.m3u8')}
    }
    location ~ "^/${app}/(${room})${mixSuffix}(?:\\.m3u8)?$" {
${playlist(`/mix/$1${mixSuffix}.m3u8 /source/$1.m3u8`)}
    }
    location ~ "^/${app}/(${room}-[0-9]+\\.ts)$" {
${fragment('source')}
    }
    location ~ "^/${app}/(${room}${mixSuffix}-[0-9]+\\.ts)$" {
${fragment('mix')}
    }
    location / {
      return 404;
    }
  }
}
`
}
