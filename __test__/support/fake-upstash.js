const { once } = require('node:events')
const http = require('node:http')

/** Strings in base64, as the client asks for them by default. */
const encoded = (value) => {
  if (Array.isArray(value)) return value.map(encoded)
  return typeof value === 'string' ? Buffer.from(value).toString('base64') : value
}

const bodyOf = async (request) => {
  const chunks = []
  for await (const chunk of request) chunks.push(chunk)
  return JSON.parse(Buffer.concat(chunks).toString())
}

/**
 * A fake of Upstash's REST server before a real Redis, since the service itself runs nowhere else: a
 * command as an array by POST to `/`, several to `/pipeline`. Gives what the client is made with.
 * @param {(...words: string[]) => Promise<unknown>} command sends a command to the Redis
 */
const startFakeUpstash = async (t, command) => {
  const answer = async (words, encode) => {
    try {
      return { result: encode(await command(...words.map(String))) }
    } catch (error) {
      return { error: error.message }
    }
  }
  const server = http.createServer(async (request, response) => {
    const encode = request.headers['upstash-encoding'] === 'base64' ? encoded : (value) => value
    const body = await bodyOf(request)
    const isPipeline = request.url === '/pipeline'
    const answers = await Promise.all(
      (isPipeline ? body : [body]).map((each) => answer(each, encode))
    )
    response.statusCode = isPipeline || !answers[0].error ? 200 : 400
    response.end(JSON.stringify(isPipeline ? answers : answers[0]))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${server.address().port}`, token: 'token' }
}

module.exports = { startFakeUpstash }
