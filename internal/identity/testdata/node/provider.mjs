// oidc-provider as an issuer that Vestibule did not write. It starts on loopback, lets a made-up person log in through its own
// pages with openid-client, lets an agent ask with client credentials, and prints one line of JSON with what came out. Then
// it serves its keys until stdin closes.
import { generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:http'
import { once } from 'node:events'
import * as oauth from 'openid-client'
import Provider from 'oidc-provider'
import { Jar } from './jar.mjs'

console.info = console.warn = console.error // oidc-provider's advice; stdout is for the result
const audience = process.argv[2]
const callback = 'http://127.0.0.1:1/back'
const scope = 'user/Appointment.rs'

const server = createServer()
server.listen(0, '127.0.0.1')
await once(server, 'listening')
const issuer = `http://127.0.0.1:${server.address().port}`

const jwk = (kid, alg, type, options) => ({ ...generateKeyPairSync(type, options).privateKey.export({ format: 'jwk' }), kid, alg, use: 'sig' })
const provider = new Provider(issuer, {
  jwks: {
    keys: [
      jwk('e', 'ES256', 'ec', { namedCurve: 'P-256' }),
      jwk('r', 'RS256', 'rsa', { modulusLength: 2048 }),
    ],
  },
  clients: [
    { client_id: 'assistco-web', redirect_uris: [callback], token_endpoint_auth_method: 'none', application_type: 'native' },
    { client_id: 'assistco-agent', client_secret: 'made-up', redirect_uris: [], response_types: [], grant_types: ['client_credentials'] },
  ],
  scopes: ['openid', scope],
  cookies: { keys: ['made up'] },
  findAccount: (_, id) => ({ accountId: id, claims: async () => ({ sub: id }) }),
  extraTokenClaims: (_, token) => token.accountId
    ? { name: 'Amara Okafor', purpose_of_use: ['PATADMIN'] }
    : { name: 'Night agent', vestibule_actor: 'automated' },
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => audience,
      useGrantedResource: () => true,
      getResourceServerInfo: (_, __, client) => ({
        scope, audience, accessTokenFormat: 'jwt', accessTokenTTL: 600,
        jwt: { sign: { alg: client.clientId === 'assistco-agent' ? 'RS256' : 'ES256' } },
      }),
    },
  },
})
server.on('request', provider.callback())

const insecure = { execute: [oauth.allowInsecureRequests] } // clear text, on loopback
const web = await oauth.discovery(new URL(issuer), 'assistco-web', undefined, oauth.None(), insecure)
const verifier = oauth.randomPKCECodeVerifier()
const state = oauth.randomState()
const jar = new Jar()
let step = await jar.walk(oauth.buildAuthorizationUrl(web, {
  redirect_uri: callback, scope: `openid ${scope}`, state, resource: audience,
  code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256',
}), callback)
for (const form of [{ prompt: 'login', login: 'amara', password: 'made up' }, { prompt: 'consent' }]) {
  step = await jar.walk(step.url, callback, { method: 'POST', body: new URLSearchParams(form) })
}
if (!step.arrived) throw new Error(`the login ended on a page: ${step.status} ${step.page}`)
const person = await oauth.authorizationCodeGrant(web, step.arrived, { pkceCodeVerifier: verifier, expectedState: state }, { resource: audience })

const own = await oauth.discovery(new URL(issuer), 'assistco-agent', undefined, oauth.ClientSecretPost('made-up'), insecure)
const agent = await oauth.clientCredentialsGrant(own, { scope, resource: audience })

console.log(JSON.stringify({ issuer, person: person.access_token, id: person.id_token, agent: agent.access_token }))
process.stdin.resume()
process.stdin.on('end', () => process.exit(0))
