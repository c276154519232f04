// openid-client, strict as it is, against the demo's issuer: node client.mjs ISSUER AUDIENCE, the agent's private key as JWK
// on stdin. It prints one line of JSON with the tokens, and fails on the first answer that is not as the standards want it.
import { webcrypto } from 'node:crypto'
import { text } from 'node:stream/consumers'
import * as oauth from 'openid-client'
import { Jar } from './jar.mjs'

globalThis.crypto ??= webcrypto
const [issuer, audience] = process.argv.slice(2)
const callback = 'http://127.0.0.1:1/back'
const jwk = JSON.parse(await text(process.stdin))
const key = await crypto.subtle.importKey('jwk', jwk, { name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign'])
const as = (id, auth) => oauth.discovery(new URL(issuer), id, undefined, auth, { execute: [oauth.allowInsecureRequests] })

const web = await as('assistco-web', oauth.None())
const verifier = oauth.randomPKCECodeVerifier()
const state = oauth.randomState()
const nonce = oauth.randomNonce()
const jar = new Jar()
const { page, url } = await jar.walk(oauth.buildAuthorizationUrl(web, {
  redirect_uri: callback, scope: 'openid user/Appointment.rs', state, nonce, resource: audience,
  code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256',
}), callback)
const form = page.split('<form').find((f) => f.includes('value="amara"'))
const fields = new URLSearchParams([...form.matchAll(/name="([^"]*)" value="([^"]*)"/g)].map(([, k, v]) => [k, v.replaceAll('&#43;', '+').replaceAll('&amp;', '&')]))
const { arrived } = await jar.walk(new URL('/authorize', url), callback, { method: 'POST', body: fields })
const person = await oauth.authorizationCodeGrant(web, arrived, { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true })
if (person.claims().sub !== 'amara') throw new Error('the ID token is about someone else')

const out = { person: person.access_token, id: person.id_token, agents: {} }
for (const [name, id, auth] of [
  ['private_key_jwt', 'signer', oauth.PrivateKeyJwt({ key, kid: jwk.kid })],
  ['client_secret_basic', 'secret', oauth.ClientSecretBasic('made up: 100%')],
  ['client_secret_post', 'secret', oauth.ClientSecretPost('made up: 100%')],
]) {
  const answer = await oauth.clientCredentialsGrant(await as(id, auth), { scope: 'system/Task.r', resource: audience })
  out.agents[name] = answer.access_token
}
console.log(JSON.stringify(out))
