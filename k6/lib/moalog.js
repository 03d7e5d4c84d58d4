// How the scenarios talk to the service; everything that differs between machines comes from the environment.
import http from 'k6/http';
import { assertTestVector, signedHeaders } from './sign.js';

export const BASE_URL = (__ENV.BASE_URL || 'http://127.0.0.1:3000').replace(/\/+$/, '');
export const MERCHANTS = number('MERCHANTS', 8);
const KEY = __ENV.MOALOG_API_KEY ? { id: __ENV.MOALOG_API_KEY, secret: __ENV.MOALOG_API_SECRET || '' } : null;

// A positive whole number from the environment.
export function number(name, preset) {
  const text = __ENV[name];
  if (text === undefined || text === '') return preset;
  if (!/^[1-9][0-9]{0,8}$/.test(text)) throw new Error(`${name} must be a whole number from 1, not ${text}`);
  return Number(text);
}

// Called from `setup`: the service is there, and this script signs as it does.
export function ready() {
  assertTestVector();
  if (KEY && KEY.secret === '') throw new Error('MOALOG_API_KEY needs MOALOG_API_SECRET');
  const answer = http.get(`${BASE_URL}/api/circuit-breaker/status`, { tags: { name: 'setup' } });
  if (answer.status !== 200) throw new Error(`${BASE_URL} does not answer: ${answer.status} ${answer.error}`);
  // Marks this run's keys: a run never replays another one's.
  return { run: `${Date.now().toString(36)}-${Math.floor(Math.random() * 36 ** 4).toString(36)}` };
}

// With a key the merchant is the key's; without one (dev stack only) one of MERCHANTS made-up ones.
export function merchant(iteration) {
  return KEY ? undefined : `k6-${iteration % MERCHANTS}`;
}

export function post(path, body, name, expected) {
  const text = JSON.stringify(body);
  const headers = Object.assign(
    { 'Content-Type': 'application/json', 'Accept-Language': 'en' },
    KEY ? signedHeaders(KEY, 'POST', path, text) : {},
  );
  return http.post(`${BASE_URL}${path}`, text, { headers, tags: { name }, ...statuses(expected) });
}

export function get(path, name, expected) {
  const headers = Object.assign({ 'Accept-Language': 'en' }, KEY ? signedHeaders(KEY, 'GET', path, '') : {});
  return http.get(`${BASE_URL}${path}`, { headers, tags: { name }, ...statuses(expected) });
}

// Which answers are no failure of the service.
function statuses(expected) {
  return { responseCallback: http.expectedStatuses(...(expected || [200])) };
}
