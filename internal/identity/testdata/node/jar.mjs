// The least of a browser: cookies, and redirects followed by hand up to the client's own callback.
export class Jar {
  #cookies = new Map()

  async fetch(url, init = {}) {
    const headers = new Headers(init.headers)
    if (this.#cookies.size) headers.set('cookie', [...this.#cookies].map(([k, v]) => `${k}=${v}`).join('; '))
    const res = await fetch(url, { ...init, headers, redirect: 'manual' })
    for (const line of res.headers.getSetCookie()) {
      const [pair] = line.split(';')
      const at = pair.indexOf('=')
      if (/expires=Thu, 01 Jan 1970/i.test(line)) this.#cookies.delete(pair.slice(0, at))
      else this.#cookies.set(pair.slice(0, at), pair.slice(at + 1))
    }
    return res
  }

  // walk follows redirects until a page comes (its response is given) or the callback is reached (its URL is given).
  async walk(url, callback, init) {
    for (let n = 0; n < 12; n++) {
      if (String(url).startsWith(callback)) return { arrived: new URL(url) }
      const res = await this.fetch(url, init)
      init = undefined
      const to = res.headers.get('location')
      if (!to) return { page: await res.text(), status: res.status, url }
      url = new URL(to, url).href
    }
    throw new Error('too many redirects')
  }
}
