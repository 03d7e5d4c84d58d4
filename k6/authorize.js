// Authorizes payments with keys that are never used twice, at a constant arrival rate: a service that falls behind
// drops iterations instead of being asked less.
//
//   scripts/k6 run k6/authorize.js
//   RATE=2000 DURATION=60s P95_MS=40 BASE_URL=http://127.0.0.1:3000 scripts/k6 run k6/authorize.js
import { check } from 'k6';
import exec from 'k6/execution';
import { Rate } from 'k6/metrics';
import { merchant, number, post, ready } from './lib/moalog.js';

const RATE = number('RATE', 200);
const P95_MS = number('P95_MS', 50);
// Of the sandbox's profile `loadtest` one in ten thousand is declined or fails; more is a fault of ours.
const declined = new Rate('declined');

export const options = {
  discardResponseBodies: false,
  scenarios: {
    authorize: {
      executor: 'constant-arrival-rate',
      rate: RATE,
      timeUnit: '1s',
      duration: __ENV.DURATION || '30s',
      preAllocatedVUs: Math.max(20, Math.ceil(RATE / 20)),
      maxVUs: Math.max(100, RATE),
    },
  },
  thresholds: {
    'http_req_failed{name:authorize}': ['rate<0.001'],
    'http_req_duration{name:authorize}': [`p(95)<${P95_MS}`],
    checks: ['rate>0.999'],
    declined: ['rate<0.01'],
    dropped_iterations: [`count<${Math.max(1, Math.ceil(RATE / 100))}`],
  },
  summaryTrendStats: ['avg', 'med', 'p(95)', 'p(99)', 'max'],
};

export function setup() {
  return ready();
}

export default function (data) {
  const iteration = exec.scenario.iterationInTest;
  const body = {
    merchantId: merchant(iteration),
    amount: 1000 + (iteration % 9000),
    currency: 'KRW',
    idempotencyKey: `${data.run}-${iteration}`,
  };
  const answer = post('/api/payments/authorize', body, 'authorize', [200, 402]);
  declined.add(answer.status === 402);
  check(answer, {
    'authorized, or declined with a code': (a) => a.status === 200 || (a.status === 402 && a.json('providerCode') !== ''),
    'amount and currency are those that were asked': (a) =>
      a.status !== 200 || (a.json('amount') === body.amount && a.json('currency') === 'KRW'),
    'never a replay': (a) => a.headers['Idempotent-Replay'] === undefined,
  });
}
