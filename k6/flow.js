// A payment's way: authorize, capture, refund. Captures are made by a worker after the answer; with CAPTURE_WAIT_MS the
// scenario waits so long for it, without it the refund that comes too early has to be refused as such.
//
//   scripts/k6 run k6/flow.js
//   RATE=100 CAPTURE_WAIT_MS=5000 scripts/k6 run k6/flow.js
import { check, sleep } from 'k6';
import exec from 'k6/execution';
import { Counter } from 'k6/metrics';
import { get, merchant, number, post, ready } from './lib/moalog.js';

const RATE = number('RATE', 50);
const P95_MS = number('P95_MS', 100);
const CAPTURE_WAIT_MS = __ENV.CAPTURE_WAIT_MS ? number('CAPTURE_WAIT_MS', 0) : 0;
const LOOK_MS = 100;
const refunds = new Counter('refunds_requested');

export const options = {
  scenarios: {
    flow: {
      executor: 'constant-arrival-rate',
      rate: RATE,
      timeUnit: '1s',
      duration: __ENV.DURATION || '30s',
      preAllocatedVUs: Math.max(20, RATE),
      maxVUs: Math.max(100, RATE * 4),
    },
  },
  thresholds: {
    http_req_failed: ['rate<0.001'],
    'http_req_duration{name:authorize}': [`p(95)<${P95_MS}`],
    'http_req_duration{name:capture}': [`p(95)<${P95_MS}`],
    'http_req_duration{name:refund}': [`p(95)<${P95_MS}`],
    checks: ['rate>0.999'],
    dropped_iterations: [`count<${Math.max(1, Math.ceil(RATE / 100))}`],
  },
  summaryTrendStats: ['avg', 'med', 'p(95)', 'p(99)', 'max'],
};

export function setup() {
  return ready();
}

export default function (data) {
  const iteration = exec.scenario.iterationInTest;
  const merchantId = merchant(iteration);
  const asked = {
    merchantId,
    amount: 2000 + (iteration % 1000),
    currency: 'KRW',
    idempotencyKey: `${data.run}-${iteration}`,
    autoCapture: false,
  };
  const authorized = post('/api/payments/authorize', asked, 'authorize', [200, 402]);
  if (authorized.status !== 200) return;
  const id = authorized.json('paymentId');
  check(authorized, { 'held, not captured': (a) => a.json('status') === 'AUTHORIZED' });

  const capture = post(`/api/payments/capture/${id}`, { merchantId }, 'capture');
  check(capture, { 'the capture is asked for': (a) => ['CAPTURE_REQUESTED', 'CAPTURED'].includes(a.json('status')) });

  const captured = CAPTURE_WAIT_MS > 0 && waitForCapture(id, merchantId);
  if (CAPTURE_WAIT_MS > 0) check(captured, { 'captured in time': (it) => it });
  const refund = post(`/api/payments/refund/${id}`, { merchantId, reason: 'k6', amount: 500 }, 'refund', [200, 409]);
  refunds.add(refund.status === 200 ? 1 : 0);
  check(refund, {
    'refunded once captured, refused before': (a) =>
      a.status === 200 ? a.json('status') === 'REFUND_REQUESTED' : !captured && a.json('code') === 'REFUND_CONFLICT',
  });
}

function waitForCapture(id, merchantId) {
  const query = merchantId === undefined ? '' : `?merchantId=${merchantId}`;
  for (let waited = 0; waited < CAPTURE_WAIT_MS; waited += LOOK_MS) {
    if (get(`/api/payments/${id}${query}`, 'payment').json('status') === 'CAPTURED') return true;
    sleep(LOOK_MS / 1000);
  }
  return false;
}
