import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

import { imageOptions, imageVariables, repository, serviceNames } from './spawn-service.ts'

for (const service of serviceNames) {
  test(`${service} is started with the variables and options of its image`, () => {
    const dockerfile = readFileSync(join(repository, 'services', service, 'Dockerfile'), 'utf8')
    for (const [name, value] of Object.entries(imageVariables)) {
      const [, quoted, plain] = new RegExp(`\\b${name}=(?:"([^"]*)"|(\\S+))`).exec(dockerfile) ?? []
      assert.equal(quoted ?? plain, value, name)
    }
    const command = JSON.parse(/^CMD (.*)$/m.exec(dockerfile)?.[1] ?? '[]') as string[]
    assert.deepEqual(
      command.filter((word) => word.startsWith('--')),
      imageOptions,
    )
  })
}
