/** The model that the model check judges by. */

const assert = require('node:assert/strict')
const { test } = require('node:test')
const { createModel, isAmbiguous, keyOf, parse } = require('./support/model')
const { APART } = require('./support/model-calls')

/** Makes a call and gives what it comes to when it is sent once. */
const answerOf = (model, name, ...args) => model.make(name, args).answer

const contents = (model) => Object.fromEntries([...model.contents()].sort())

test('calls on pairs, one after the other', () => {
  const model = createModel()
  for (const [name, args, answer] of [
    ['getExtId', ['i', '1'], null],
    ['saveIds', ['i', '1', 'x'], true],
    ['getExtId', ['i', '1'], 'x'],
    ['getBotmaticId', ['i', 'x'], '1'],
    ['saveIds', ['i', '2', 'x'], true],
    ['getBotmaticId', ['i', 'x'], '2'],
    ['deleteIds', ['i', '1', 'x'], true],
    ['getBotmaticId', ['i', 'x'], null],
    ['deleteIds', ['i', '2', 'x'], false],
    ['getExtId', ['i', '2'], null],
    ['deleteIds', ['i', '2', 'x'], false]
  ]) {
    assert.equal(answerOf(model, name, ...args), answer, `${name}(${args})`)
  }
  assert.deepEqual(contents(model), {})
})

test('deleteAllIds leaves what is of a longer integration, or looks so and is not confirmed', () => {
  const model = createModel()
  for (const args of [
    ['a', '1', 'x'],
    ['a', 'z:b:1', 'v'],
    ['a', 'z:b:2', 'z:e:w'],
    // Its other half points elsewhere.
    ['a', 'z:b:3', 'y'],
    ['a', '2', 'y'],
    ['a:b', '1', 'x'],
    ['a:b:x', '1', 'x'],
    ['ab', '1', 'x']
  ]) {
    model.make('saveIds', args)
  }
  assert.equal(answerOf(model, 'deleteAllIds', 'a'), true)
  assert.deepEqual(contents(model), {
    'a:b:b:1': 'x',
    'a:b:e:x': '1',
    'a:b:x:b:1': 'x',
    'a:b:x:e:x': '1',
    'a:b:z:b:3': 'y',
    'ab:b:1': 'x',
    'ab:e:x': '1'
  })
  assert.equal(answerOf(model, 'deleteAllIds', 'a:b:z'), true)
  assert.equal(model.value('a:b:z:b:3'), undefined)
})

test('ids are ambiguous when they read as part of a longer integration', () => {
  for (const id of ['x:b:1', 'x:e:1', 'b:1', 'e:', ':b:']) assert.ok(isAmbiguous(id), id)
  for (const id of ['', '1', 'b', 'x:b', 'xb:1', 'x:c:1']) assert.ok(!isAmbiguous(id), id)
})

/** Makes a call, then `later` ones, and gives what it may answer. */
const permitted = ({ before = [], call, later = [], ...seen }) => {
  const model = createModel()
  for (const [name, ...args] of before) {
    model.settle(model.make(name, args), { attempts: 1, mayBeDone: false })
  }
  const [name, ...args] = call
  const made = model.make(name, args)
  for (const [name, ...args] of later) model.make(name, args)
  return model.settle(made, { mayBeDone: false, ...seen })
}

const SAVED = ['saveIds', 'i', '1', 'x']
const DELETED = ['deleteIds', 'i', '1', 'x']

test('what was sent once answers as if alone', () => {
  const later = [['saveIds', 'i', '1', 'y'], DELETED]
  for (const [call, answer] of [
    [['getExtId', 'i', '1'], 'x'],
    [DELETED, true],
    [['deleteIds', 'i', '2', 'x'], false]
  ]) {
    for (const mayBeDone of [false, true]) {
      const given = { before: [SAVED], call, later, attempts: 1, mayBeDone }
      assert.deepEqual(permitted(given), [answer])
    }
  }
})

test('a lookup that was sent again may see what was called after it, and nothing before', () => {
  const before = [['saveIds', 'i', '1', 'old'], SAVED]
  const later = [
    ['saveIds', 'i', '1', 'y'],
    ['saveIds', 'i', '2', 'other'],
    ['deleteAllIds', 'i']
  ]
  const call = ['getExtId', 'i', '1']
  assert.deepEqual(permitted({ before, call, later, attempts: 2 }), ['x', 'y', null])
  assert.deepEqual(permitted({ before, call, attempts: 2 }), ['x'])
})

test('a pair delete that was sent again is true for nothing only when a reply was lost', () => {
  const call = DELETED
  assert.deepEqual(permitted({ call, attempts: 2, mayBeDone: true }), [false, true])
  assert.deepEqual(permitted({ call, attempts: 2 }), [false])
  const before = [SAVED]
  assert.deepEqual(permitted({ before, call, attempts: 2, mayBeDone: true }), [true])
  assert.deepEqual(permitted({ before, call, attempts: 2 }), [true])
})

test('a pair delete that was sent again, beside calls on the same keys, cannot know', () => {
  const later = [['saveIds', 'i', '1', 'new']]
  const given = { before: [SAVED], call: DELETED, later, attempts: 2, mayBeDone: true }
  assert.deepEqual(permitted(given), [true, false])
  const elsewhere = [['saveIds', 'i', '2', 'new']]
  assert.deepEqual(permitted({ ...given, later: elsewhere }), [true])
})

test('a call before that is not settled counts among those beside, a settled one does not', () => {
  for (const isSettled of [false, true]) {
    const model = createModel()
    const save = model.make(...['saveIds', ['i', '1', 'x']])
    if (isSettled) model.settle(save, { attempts: 1 })
    const call = model.make('deleteIds', ['i', '1', 'x'])
    const answers = model.settle(call, { attempts: 2, mayBeDone: true })
    assert.deepEqual(answers, isSettled ? [true] : [true, false])
  }
})

test('a save that is refused for good does nothing', () => {
  const model = createModel()
  const save = model.make('saveIds', ['i', '1', 'x'], { isRefused: true })
  assert.deepEqual(model.settle(save, { attempts: 1 }), ['OOM'])
  assert.deepEqual(contents(model), {})
})

test('the calls of integrations that are deleted from at any time have no key in common', () => {
  const { integrations, botmatic, external } = APART
  const keys = integrations.map((i) => [
    ...botmatic.map((b) => keyOf(i, 'b', b)),
    ...external.map((e) => keyOf(i, 'e', e))
  ])
  for (const [n, i] of integrations.entries()) {
    for (const key of keys.filter((_, other) => other !== n).flat()) {
      assert.ok(isAmbiguous(parse(i, key)?.id ?? ':b:'), `${key} would go with ${i}`)
    }
  }
  assert.equal(new Set(keys.flat()).size, keys.flat().length)
})
