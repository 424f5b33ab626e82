# The image of the services with ffmpeg, for MIXER_ADAPTER=ffmpeg; the media server runs beside it on the same machine, see
# services/mixer/CLOUD-IN-A-BOX.md.
#
#   docker build -f deploy/image/ffmpeg.Dockerfile -t roomcast-ffmpeg deploy/image

ARG ROOMCAST_IMAGE=roomcast
FROM ${ROOMCAST_IMAGE}
USER 0:0
RUN apt-get update \
  && apt-get install -y --no-install-recommends ffmpeg \
  && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/*
USER 10001:10001
