import assert from 'node:assert/strict'
import { test } from 'node:test'
import { choosePlatform } from './choose-platform.ts'

test('without a word the platform is the local one; an engine that happens to answer changes nothing', () => {
  assert.equal(choosePlatform({}), 'local')
  assert.equal(choosePlatform({ PLATFORM: '', DOCKER_HOST: 'unix:///var/run/docker.sock' }), 'local')
})

test('a platform that is none is refused, with those that are', () => {
  assert.equal(choosePlatform({ PLATFORM: 'containers' }), 'containers')
  assert.throws(() => choosePlatform({ PLATFORM: 'docker' }), /PLATFORM=docker: it is local or containers/)
})
