from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import socket
import ssl
import time
from bisect import bisect_right
from collections import Counter, namedtuple
from datetime import UTC, datetime
from math import isfinite
from operator import ge, gt, le, lt
from xml.etree.ElementTree import fromstring

# --- chantier.errors

class ChantierError(Exception):
  def __init__(self, message, hint=''):
    super().__init__(message)
    self.message = message
    self.hint = hint
  def __str__(self):
    return f'{self.message}\n{self.hint}' if self.hint else self.message

class Malformed(ChantierError):
  pass

# --- chantier.telemetry
VERSION = 1
MAX_DTC = 5
MAX_AHEAD_S = 300
STATES = ('OFF', 'IDLE', 'WORK', 'TRAVEL')
LAMPS = ('RSL', 'AWL', 'PL', 'MIL')

Reading = namedtuple('Reading', 't seq st eng rpm load_pct fuel_lph fuel_used_l fuel_pct def_pct op_h idle_h cool_c hyd_c oil_kpa batt_v lat lon acc_m spd_kmh pitch roll cyc dtc lamp', defaults=(0, None, None, None, None, None, None, None, None, None, None, None, None, None, None, None, None, None, None, None, None, None, (), ()))

Message = namedtuple('Message', 'readings rejected', defaults=((),))
RANGES = {
  'rpm': (0, 8032), 'load_pct': (0, 250), 'fuel_lph': (0, 3213), 'fuel_used_l': (0, 2200000000.0),
  'fuel_pct': (0, 100), 'def_pct': (0, 100), 'op_h': (0, 220000000.0), 'idle_h': (0, 220000000.0),
  'cool_c': (-60, 250), 'hyd_c': (-60, 250), 'oil_kpa': (0, 1000), 'batt_v': (0, 100),
  'lat': (-90, 90), 'lon': (-180, 180), 'acc_m': (0, 10000000000.0), 'spd_kmh': (0, 251),
  'pitch': (-180, 180), 'roll': (-180, 180), 'cyc': (0, 1000000000000.0),
}

def format_time(t):
  return datetime.fromtimestamp(t, UTC).strftime('%Y-%m-%dT%H:%M:%SZ')

# --- chantier.decoding
HUGE = 10 ** 40
INF = float('inf')
FIRST_T, LAST_T = (946684800, 4102444800)
MOST = (524287, 31, 127, 255)

def decode(body, *, now=None):
  if not isinstance(body, dict):
    raise Malformed(f'message is {_kind(body)}, expected an object')
  version = body.get('v')
  if type(version) is not int or version < 1:
    raise Malformed(f'v is {_kind(version)}, expected {VERSION}')
  if version > VERSION:
    raise Malformed(f'v is {version}, newer than {VERSION}, the newest this stack reads')
  said = body.get('readings')
  if not isinstance(said, list):
    raise Malformed(f'readings is {_kind(said)}, expected a list')
  if not said:
    raise Malformed('readings is empty')
  good = []
  rejected = []
  for index, one in enumerate(said):
    try:
      good.append(read(one, now=now))
    except Malformed as fault:
      rejected.append(f'readings[{index}]: {fault.message}')
  good.sort(key=lambda reading: (reading.t, reading.seq))
  return Message(tuple(good), tuple(rejected))

def read(said, *, now=None):
  if not isinstance(said, dict):
    raise Malformed(f'is {_kind(said)}, expected an object')
  if 't' not in said:
    raise Malformed('t is missing')
  t = parse_time(said['t'])
  if now is not None and t > now + MAX_AHEAD_S:
    raise Malformed(f't is {format_time(t)}, {t - now} s ahead of the clock')
  values = {key: _number(key, said[key]) for key in RANGES if key in said}
  return Reading(t=t, seq=_sequence(said.get('seq', 0)), st=_choice('st', said.get('st'), STATES), eng=_switch(said.get('eng')), dtc=_codes(said.get('dtc', [])), lamp=_lamps(said.get('lamp', [])), **values)

def parse_time(text):
  if not isinstance(text, str):
    raise Malformed(f't is {_kind(text)}, expected a UTC time such as 2026-11-22T09:14:05Z')
  try:
    when = datetime.fromisoformat(text)
  except ValueError:
    when = None
  if when is None or when.utcoffset() is None or (not FIRST_T <= when.timestamp() < LAST_T):
    raise Malformed(f't is {text[:40]!r}, expected a UTC time such as 2026-11-22T09:14:05Z')
  return int(when.timestamp())

def _number(key, value):
  low, high = RANGES[key]
  if type(value) is float or type(value) is int:
    if low <= value <= high:
      return round(value, 6)
    if -INF < value < INF:
      return None
  raise Malformed(f'{key} is {_kind(value)}, expected a number')

def _sequence(value):
  if type(value) is not int or value < 0:
    raise Malformed(f'seq is {_kind(value)}, expected a whole number from 0')
  return value

def _switch(value):
  if value is None or isinstance(value, bool):
    return value
  raise Malformed(f'eng is {_kind(value)}, expected true or false')

def _choice(key, value, allowed):
  if value is None:
    return None
  if isinstance(value, str) and value in allowed:
    return value
  raise Malformed(f'{key} is {_kind(value)}, expected one of {allowed}')

def _lamps(value):
  lit = [value] if isinstance(value, str) else value
  if not isinstance(lit, list):
    raise Malformed(f'lamp is {_kind(value)}, expected any of {LAMPS}')
  for lamp in lit:
    _choice('lamp', lamp if lamp is not None else 'null', LAMPS)
  return tuple(lit)

def _codes(value):
  if not isinstance(value, list) or len(value) > MAX_DTC:
    raise Malformed(f'dtc is {_kind(value)}, expected at most {MAX_DTC} of [spn, fmi, oc]')
  return tuple((code for code in map(_code, value) if code[:2] != (0, 0)))

def _code(code):
  if isinstance(code, list) and len(MOST) - 1 <= len(code) <= len(MOST) and all((type(n) is int and 0 <= n <= most for n, most in zip(code, MOST, strict=False))):
    return tuple(code)
  raise Malformed(f'dtc holds {_kind(code)}, expected [spn, fmi, oc] as whole numbers')

def _kind(value):
  if value is None:
    return 'null or missing'
  if isinstance(value, int) and abs(value) >= HUGE:
    return 'a huge number'
  if isinstance(value, bool | int | float | str):
    return json.dumps(value)[:40]
  return {'list': 'a list', 'dict': 'an object'}.get(type(value).__name__, 'of a strange type')

# --- chantier.aggregates
AGGREGATES = 'aggregates/'
HOURS = f'{AGGREGATES}hours/'
HOUR_ALERTS = f'{AGGREGATES}alerts/'
METERS = f'{AGGREGATES}meters/'
PROGRESS = f'{AGGREGATES}progress.json'
HOUR_KEY = re.compile('dt=(\\d{4}-\\d\\d-\\d\\d)/(\\d\\d)\\.json')
HOUR_COLUMNS = {
  'site': 'string', 'machine': 'string', 'label': 'string', 'class': 'string', 'zone': 'string',
  'hour': 'timestamp', 'hour_local': 'timestamp', 'engine_h': 'double', 'idle_h': 'double',
  'work_h': 'double', 'planned_h': 'double', 'fuel_l': 'double', 'adblue_l': 'double',
  'idle_fuel_l': 'double', 'fuel_cost': 'double', 'adblue_cost': 'double', 'upkeep_cost': 'double',
  'depreciation_cost': 'double', 'cost': 'double', 'currency': 'string', 'co2e_kg': 'double',
  'alerts_info': 'int', 'alerts_warning': 'int', 'alerts_critical': 'int', 'readings': 'int',
  'meter_changed': 'boolean', 'lat': 'double', 'lon': 'double',
}
ALERT_COLUMNS = {
  'site': 'string', 'machine': 'string', 'label': 'string', 'class': 'string', 'zone': 'string',
  'code': 'string', 'fault': 'string', 'severity': 'string', 'opened_at': 'timestamp',
  'opened_local': 'timestamp', 'closed_at': 'timestamp', 'lasted_min': 'double',
}

def hour_key(prefix, hour):
  return f'{prefix}dt={hour[:10]}/{hour[11:13]}.json'

def hours_of_keys(prefix, keys):
  found = (HOUR_KEY.fullmatch(key.removeprefix(prefix)) for key in keys)
  return sorted((f'{one[1]}T{one[2]}:00:00Z' for one in found if one))

# --- chantier.meters
HOUR_SECONDS = 3600
COUNTERS = ('op_h', 'idle_h', 'fuel_used_l')
FASTEST = (1.0, 1.0, RANGES['fuel_lph'][1])
STEPS = (0.1, 0.1, 1.0)
COARSE_STEPS = (1.0, 0.5, 0.25)
NO_METERS = (None,) * len(COUNTERS)
NO_HEIGHTS = (None,) * len(COUNTERS)

class Sketch(namedtuple('Sketch', 'seen first last low high place', defaults=(0, NO_METERS, NO_METERS, NO_HEIGHTS, NO_HEIGHTS, None))):
  __slots__ = ()
  @property
  def readings(self):
    return self.seen.bit_count()

Figures = namedtuple('Figures', 'engine_h idle_h fuel_l meter_changed work_h', defaults=(None, None, None, False, None))

Book = namedtuple('Book', 'hour rates opening sketches')

def sketch_of(readings, hour):
  seen = 0
  told = tuple(([] for _ in COUNTERS))
  place = None
  for one in readings:
    t, seq = (one.t, one.seq)
    seen |= 1 << t - hour
    for meters, value in zip(told, (one.op_h, one.idle_h, one.fuel_used_l), strict=True):
      if value is not None:
        meters.append((t, seq, float(value)))
    if one.lat is not None and one.lon is not None:
      place = _greatest(place, (t, seq, float(one.lat), float(one.lon)))
  heights = [[(value, t, seq) for t, seq, value in meters] for meters in told]
  return Sketch(seen, tuple((min(some, default=None) for some in told)), tuple((max(some, default=None) for some in told)), tuple((min(some, default=None) for some in heights)), tuple((max(some, default=None) for some in heights)), place)

def merge(one, other):
  return Sketch(one.seen | other.seen, tuple(map(_least, one.first, other.first)), tuple(map(_greatest, one.last, other.last)), tuple(map(_least, one.low, other.low)), tuple(map(_greatest, one.high, other.high)), _greatest(one.place, other.place))

def merge_into(sketches, others):
  for machine, sketch in others.items():
    known = sketches.get(machine)
    sketches[machine] = merge(known, sketch) if known else sketch

def closing(book):
  closed = dict(book.opening)
  for machine, sketch in book.sketches.items():
    opened = closed.get(machine, NO_METERS)
    closed[machine] = tuple(map(_greatest, opened, sketch.last))
  return closed

def figures(opening, sketch):
  if not sketch.seen:
    sketch = Sketch(first=opening, last=opening, low=heights(opening), high=heights(opening))
  counters = zip(opening, sketch.first, sketch.last, sketch.low, sketch.high, FASTEST, STEPS, strict=True)
  rises = [_rise(*each) for each in counters]
  engine, idle, fuel = (rise for rise, _ in rises)
  engine_changed, idle_changed, _ = changed = [one for _, one in rises]
  work = None
  if engine is not None and idle is not None and (engine_changed == idle_changed):
    work = round(engine - idle, 6)
    if engine_changed and work < 0:
      work = None
  return Figures(engine, idle, fuel, any(changed), work)

def heights(meters):
  return tuple((one and (one[2], one[0], one[1]) for one in meters))

def _rise(opened, first, last, low, high, fastest, step):
  if first is None or last is None or low is None or (high is None):
    return (None, False)
  def rise(before, after):
    return after[2] - before[2] if _runs(before, after, fastest, step) else None
  begun = opened or first
  until_first, after_first = (rise(begun, first), rise(first, last))
  peak, bottom = ((*high[1:], high[0]), (*low[1:], low[0]))
  until_peak, since_bottom = (rise(first, peak), rise(bottom, last))
  if peak < bottom and until_peak is not None and (since_bottom is not None):
    return (round((until_first or 0.0) + until_peak + since_bottom, 6), True)
  if until_peak is not None and peak[2] - last[2] > step:
    return (None, True)
  if until_first is not None and after_first is not None:
    return (round(last[2] - begun[2], 6), False)
  known = rise(begun, last) if after_first is None else after_first
  return (None if known is None else round(known, 6), True)

def _runs(before, after, fastest, step):
  coarse = (each for each in COARSE_STEPS if before[2] % each == after[2] % each == 0)
  most = (after[0] - before[0]) / HOUR_SECONDS * fastest + max(step, next(coarse, 0.0))
  return 0 <= after[2] - before[2] <= most

def _least(one, other):
  if one is None or other is None:
    return one or other
  return min(one, other)

def _greatest(one, other):
  if one is None or other is None:
    return one or other
  return max(one, other)

# --- chantier.book_bytes
BOOK_VERSION = 1

def dump_book(book):
  said = {'v': BOOK_VERSION, 'hour': format_time(book.hour), 'rates': book.rates, 'opening': book.opening, 'machines': {machine: {'seen': f'{sketch.seen:x}', 'first': sketch.first, 'last': sketch.last, **_turns(sketch), 'place': sketch.place} for machine, sketch in book.sketches.items()}}
  return json.dumps(said, separators=(',', ':'), sort_keys=True).encode()

def load_book(body):
  try:
    said = json.loads(body)
    if said['v'] != BOOK_VERSION:
      raise ValueError('of another version')
    sketches = {machine: _sketch(one) for machine, one in said['machines'].items()}
    opening = {machine: _meters(one) for machine, one in said['opening'].items()}
    rates = said['rates']
    if rates is not None:
      rates = {**rates, 'own': dict(rates['own'])}
    return Book(parse_time(said['hour']), rates, opening, sketches)
  except (KeyError, TypeError, AttributeError, OverflowError, RecursionError, Malformed) as fault:
    raise ValueError(f'{type(fault).__name__}: {fault}') from None

def _turns(sketch):
  if (sketch.low, sketch.high) == _ends(sketch.first, sketch.last):
    return {}
  return {'low': sketch.low, 'high': sketch.high}

def _ends(first, last):
  both = list(zip(heights(first), heights(last), strict=True))
  low = tuple((min(filter(None, one), default=None) for one in both))
  return (low, tuple((max(filter(None, one), default=None) for one in both)))

def _sketch(said):
  place = said['place']
  if place is not None:
    t, seq, lat, lon = place
    place = (int(t), int(seq), _finite(lat), _finite(lon))
  first, last = (_meters(said['first']), _meters(said['last']))
  low, high = _ends(first, last)
  if 'low' in said:
    low, high = (_heights(said['low']), _heights(said['high']))
  return Sketch(int(said['seen'], 16), first, last, low, high, place)

def _meters(said):
  _check_counters(said)
  return tuple((one and (int(one[0]), int(one[1]), _finite(one[2])) for one in said))

def _heights(said):
  _check_counters(said)
  return tuple((one and (_finite(one[0]), int(one[1]), int(one[2])) for one in said))

def _check_counters(said):
  if len(said) != len(COUNTERS):
    raise ValueError(f'{len(said)} counters, expected {len(COUNTERS)}')

def _finite(said):
  value = float(said)
  if not isfinite(value):
    raise ValueError(f'{value} is no meter')
  return value

# --- chantier.functions.connection
TIMEOUT_S = 5
MAX_HEAD_BYTES = 65536
PIECE_BYTES = 65536
MOST_DIGITS = 12
FIRST_STATUS, FINAL_STATUS, LAST_STATUS = (100, 200, 599)

class BrokenAnswer(OSError):
  pass

class Connection:
  def __init__(self, url):
    scheme, _, rest = url.partition('://')
    self.host = rest.partition('/')[0]
    self._tls = scheme != 'http'
    self._socket = None
  def open(self):
    if self._socket is None:
      self._socket = _connected(self.host, tls=self._tls)
  def ask(self, method, path, headers, body):
    request = _request_bytes(method, path, headers, body)
    keep = False
    try:
      self.open()
      assert self._socket is not None
      self._socket.sendall(request)
      status, answer, keep = read_answer(self._socket.recv)
    finally:
      if not keep:
        self.close()
    return (status, answer)
  def close(self):
    if self._socket is not None:
      self._socket.close()
      self._socket = None

class Incoming:
  def __init__(self, receive):
    self._receive = receive
    self.kept = bytearray()
    self.room = MAX_HEAD_BYTES
  def line(self):
    end = self.kept.find(b'\r\n')
    while end < 0 and len(self.kept) <= self.room:
      self._more()
      end = self.kept.find(b'\r\n')
    line = self.take(end + 2) if end >= 0 else b''
    self.room -= len(line)
    if not line or self.room < 0:
      raise BrokenAnswer(f'more than {MAX_HEAD_BYTES} bytes of headers')
    return line[:-2].decode('latin-1')
  def take(self, size):
    while len(self.kept) < size:
      self._more()
    taken = bytes(self.kept[:size])
    del self.kept[:size]
    return taken
  def rest(self):
    while (piece := self._receive(PIECE_BYTES)):
      self.kept += piece
    return self.take(len(self.kept))
  def _more(self):
    piece = self._receive(PIECE_BYTES)
    if not piece:
      raise BrokenAnswer('the connection ended before the answer did')
    self.kept += piece

def read_answer(receive):
  incoming = Incoming(receive)
  version, status, headers = _answer_head(incoming)
  while status < FINAL_STATUS:
    version, status, headers = _answer_head(incoming)
  said = headers.get('connection', '').lower()
  keep = 'keep-alive' in said if version == 'HTTP/1.0' else 'close' not in said
  length, coding = (headers.get('content-length'), headers.get('transfer-encoding'))
  if coding is not None:
    if coding.lower() != 'chunked' or length is not None:
      raise BrokenAnswer(f'a body that cannot be delimited: {coding[:40]!r}')
    body = _chunked_body(incoming)
  elif length is not None:
    body = incoming.take(_whole_number(length, 10))
  else:
    body, keep = (incoming.rest(), False)
  return (status, body, keep and (not incoming.kept))

def _answer_head(incoming):
  version, _, rest = incoming.line().partition(' ')
  if version not in ('HTTP/1.1', 'HTTP/1.0') or rest[3:4] not in ('', ' '):
    raise BrokenAnswer(f'{version[:40]!r} is not HTTP/1.1')
  status = _whole_number(rest[:3], 10)
  if not FIRST_STATUS <= status <= LAST_STATUS:
    raise BrokenAnswer(f'{status} is not a status')
  headers = {}
  while (line := incoming.line()):
    name, colon, value = line.partition(':')
    if not colon or not name or name.split() != [name]:
      raise BrokenAnswer(f'{line[:40]!r} is not a header')
    name, value = (name.lower(), value.strip(' \t'))
    headers[name] = f'{headers[name]}, {value}' if name in headers else value
  return (version, status, headers)

def _chunked_body(incoming):
  chunks = []
  while (size := _whole_number(incoming.line().partition(';')[0].strip(' \t'), 16)):
    chunks.append(incoming.take(size))
    incoming.room = MAX_HEAD_BYTES
    if incoming.line():
      raise BrokenAnswer('a chunk is longer than it said')
  while incoming.line():
    pass
  return b''.join(chunks)

def _whole_number(text, base):
  if not 0 < len(text) <= MOST_DIGITS or text.lower().strip('0123456789abcdef'[:base]):
    raise BrokenAnswer(f'{text[:40]!r} is not a length or a status')
  return int(text, base)

def _request_bytes(method, path, headers, body):
  lines = [f'{method} {path} HTTP/1.1']
  whole = {**headers, 'accept-encoding': 'identity', 'content-length': str(len(body))}
  lines += [f'{name}: {value}' for name, value in whole.items()]
  for line in lines:
    if not (line.isascii() and line.isprintable()):
      name = line.partition(':')[0]
      raise ValueError(f'not fit for a line of HTTP: {name[:40]!r}')
  if ' ' in method + path:
    raise ValueError(f"a space in a request's first line: {lines[0][:40]!r}")
  return '\r\n'.join((*lines, '', '')).encode('ascii') + body

def _connected(netloc, *, tls):
  name, colon, port = netloc.rpartition(':')
  if not colon or port.endswith(']'):
    name, port = (netloc, '443' if tls else '80')
  host = name.strip('[]').encode('ascii')
  context = _trust() if tls else None
  plain = _reached(host, int(port))
  return context.wrap_socket(plain, server_hostname=host) if context else plain

def _trust():
  context = ssl.create_default_context(cafile=os.environ.get('AWS_CA_BUNDLE'))
  context.minimum_version = ssl.TLSVersion.TLSv1_2
  return context

def _reached(host, port):
  address = (host, port)
  reached = socket.create_connection(address, timeout=TIMEOUT_S)
  reached.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
  return reached

# --- chantier.functions.signed
PLAIN = b'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/'
ATTEMPTS = (0.0, 0.0, 0.2)
SERVER_ERROR, BUSY = (500, 429)
OK = 300

class CallFailed(Exception):
  def __init__(self, code, status, detail):
    super().__init__(f'{code} ({status}): {detail}')
    self.code = code
    self.status = status

def signature(method, url, headers, body, *, service, region, key):
  stamp = headers['x-amz-date']
  names = ';'.join(sorted(headers))
  listed = ''.join((f'{name}:{headers[name].strip()}\n' for name in sorted(headers)))
  digest = hashlib.sha256(body).hexdigest()
  path, _, query = url.partition('://')[2].partition('/')[2].partition('?')
  request = f'{method}\n/{path}\n{query}\n{listed}\n{names}\n{digest}'
  scope = f'{stamp[:8]}/{region}/{service}/aws4_request'
  hashed = hashlib.sha256(request.encode()).hexdigest()
  secret = ('AWS4' + key[1]).encode()
  for part in (stamp[:8], region, service, 'aws4_request'):
    secret = hmac.digest(secret, part.encode(), 'sha256')
  to_sign = f'AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashed}'
  signed = hmac.digest(secret, to_sign.encode(), 'sha256').hex()
  return f'AWS4-HMAC-SHA256 Credential={key[0]}/{scope}, SignedHeaders={names}, Signature={signed}'

class Service:
  def __init__(self, name):
    self.name = name
    self.region = os.environ['AWS_REGION']
    at = os.environ.get('AWS_ENDPOINT_URL') or f'https://{name}.{self.region}.amazonaws.com'
    self.url = at.rstrip('/')
    self.connection = Connection(self.url)
  def call(self, method, path, headers, body):
    for attempt, pause in enumerate(ATTEMPTS, 1):
      time.sleep(pause)
      last = attempt == len(ATTEMPTS)
      try:
        status, answer = self._once(method, path, headers, body)
      except OSError as error:
        if last:
          raise CallFailed(type(error).__name__, 0, str(error)) from error
        continue
      if status < OK:
        return answer
      code = _error_code(answer)
      again = status >= SERVER_ERROR or status == BUSY
      if last or not (again or 'Throttl' in code or 'Throughput' in code):
        raise CallFailed(code, status, answer.decode(errors='replace')[:300])
    raise AssertionError
  def _once(self, method, path, headers, body):
    url = self.url + path
    signed = {**headers, 'host': self.connection.host, 'x-amz-date': time.strftime('%Y%m%dT%H%M%SZ', time.gmtime()), 'x-amz-content-sha256': hashlib.sha256(body).hexdigest()}
    if (token := os.environ.get('AWS_SESSION_TOKEN')):
      signed['x-amz-security-token'] = token
    key = (os.environ['AWS_ACCESS_KEY_ID'], os.environ['AWS_SECRET_ACCESS_KEY'])
    signed['authorization'] = signature(method, url, signed, body, service=self.name, region=self.region, key=key)
    return self.connection.ask(method, path, signed, body)

def dynamodb(service, operation, request):
  headers = {'content-type': 'application/x-amz-json-1.0', 'x-amz-target': f'DynamoDB_20120810.{operation}'}
  answer = json.loads(service.call('POST', '/', headers, json.dumps(request).encode()))
  return answer

def put_object(service, bucket, key, body):
  service.call('PUT', f'/{bucket}/{quoted(key)}', {'content-type': 'application/json'}, body)

def _error_code(answer):
  text = answer.decode(errors='replace')
  if text.startswith('{'):
    return str(json.loads(text).get('__type', '')).rpartition('#')[2]
  return text.partition('<Code>')[2].partition('</Code>')[0] or 'Unknown'

def quoted(key):
  return ''.join((chr(byte) if byte in PLAIN else f'%{byte:02X}' for byte in key.encode()))

# --- chantier.functions.objects
PART_BYTES = 8 * 1024 * 1024
NOT_FOUND = 404
S3_XML = '{http://s3.amazonaws.com/doc/2006-03-01/}'

Listed = namedtuple('Listed', 'key modified size etag')

class Bucket:
  def __init__(self, name):
    self.name = name
    self.service = Service('s3')
  def listed(self, prefix, after=''):
    asked = {'list-type': '2', 'prefix': prefix}
    if after:
      asked['start-after'] = after
    while True:
      page = fromstring(self.service.call('GET', self._path('', asked), {}, b''))
      for one in page.iter(f'{S3_XML}Contents'):
        said = {part.tag.removeprefix(S3_XML): part.text or '' for part in one}
        modified = said['LastModified'][:19] + 'Z'
        yield Listed(said['Key'], modified, int(said['Size']), said['ETag'])
      token = page.findtext(f'{S3_XML}NextContinuationToken')
      if not token:
        return
      asked['continuation-token'] = token
  def get(self, key):
    try:
      return self.service.call('GET', self._path(key), {}, b'')
    except CallFailed as refused:
      if refused.status == NOT_FOUND:
        return None
      raise
  def lines(self, one):
    path, rest = (self._path(one.key), b'')
    for first in range(0, one.size, PART_BYTES):
      last = min(first + PART_BYTES, one.size) - 1
      part = self.service.call('GET', path, {'range': f'bytes={first}-{last}'}, b'')
      *whole, rest = (rest + part).split(b'\n')
      yield from whole
    yield rest
  def put(self, key, body):
    put_object(self.service, self.name, key, body)
  def put_if(self, key, body, etag):
    held = {'if-match': etag} if etag else {'if-none-match': '*'}
    headers = {'content-type': 'application/json', **held}
    self.service.call('PUT', self._path(key), headers, body)
  def _path(self, key, asked=None):
    parts = (f'{name}={_value(value)}' for name, value in sorted((asked or {}).items()))
    query = '&'.join(parts)
    path = f'/{self.name}/{quoted(key)}' if key else f'/{self.name}'
    return f'{path}?{query}' if query else path

def _value(text):
  return quoted(text).replace('/', '%2F')

# --- chantier.detection.memory

Track = namedtuple('Track', 'level held since opened_at calm worst base readings last', defaults=(0, (), 0, 0, 0, None, 0.0, 0, 0))

# --- chantier.detection.condition
COMPARE = {
  '>=': ge, '>': gt, '<=': le, '<': lt,
}

def step(rule, track, value, t):
  past = COMPARE[rule.opens]
  broken = bool(rule.gap_s) and bool(track.last) and (t - track.last > rule.gap_s)
  last = t if rule.gap_s else 0
  before = track.held if len(track.held) == len(rule.levels) else (0,) * len(rule.levels)
  held = tuple((0 if not past(value, level.limit) else t if broken or not since else since for level, since in zip(rule.levels, before, strict=True)))
  reached = max((index for index, (level, since) in enumerate(zip(rule.levels, held, strict=True), 1) if since and t - since >= level.for_s), default=0)
  if track.level:
    return _while_open(rule, track._replace(held=held, last=last), reached, value, t)
  if not reached:
    return ('', Track(held=held, last=last) if any(held) else Track())
  since = min((start for start in held if start))
  base = rule.levels[0].limit
  track = Track(reached, held, since, opened_at=t, worst=value, base=base, readings=1)
  return ('open', track._replace(last=last))

def _while_open(rule, track, reached, value, t):
  base = rule.levels[0].limit
  margin, before = (value - base, (track.worst or 0.0) - track.base)
  if margin > before if rule.opens.startswith('>') else margin < before:
    track = track._replace(worst=value, base=base)
  track = track._replace(readings=track.readings + 1)
  if reached > track.level:
    return ('escalate', track._replace(level=reached, calm=0))
  if base < track.base or not COMPARE[rule.clears](value, rule.clear):
    return ('update', track._replace(calm=0))
  calm = track.calm or t
  if t - calm >= rule.clear_for_s:
    return ('close', track._replace(calm=calm))
  return ('update', track._replace(calm=calm))

# --- chantier.detection.rules

Opening = namedtuple('Opening', 'offsets week off', defaults=(frozenset(),))

# --- chantier.detection.off_hours
DAY_S = 86400
FIRST_WEEKDAY = 3
ANY_OFFSET = 100000

def ahead_of_utc(opening, t):
  index = bisect_right(opening.offsets, (t, ANY_OFFSET))
  return opening.offsets[max(index - 1, 0)][1]

# --- chantier.hourly
CO2E_KG_PER_L = 3.17
GRAVITIES = ('info', 'warning', 'critical')
UNPRICED = dict.fromkeys(('adblue_l', 'idle_fuel_l', 'fuel_cost', 'adblue_cost', 'upkeep_cost', 'depreciation_cost', 'cost', 'currency'))

OpenedAlert = namedtuple('OpenedAlert', 'machine code fault severity opened_at closed_at')

Fleet = namedtuple('Fleet', 'site clock week machines rates')

def fleet_of(settings):
  offsets = tuple(((since, offset) for since, offset in settings['offsets']))
  return Fleet(site=settings['site'], clock=Opening(offsets=offsets, week=(), off=frozenset(settings['off'])), week=tuple((tuple(((a, b) for a, b in day)) for day in settings['week'])), machines={machine: (group['label'], group['class'], group['zone']) for group in settings['groups'] for machine in group['machines']}, rates=settings.get('rates'))

def hour_rows(book, alerts, fleet):
  opened = {}
  for alert in alerts:
    opened.setdefault(alert.machine, Counter())[alert.severity] += 1
  times = {'hour': _utc(book.hour), 'hour_local': local_time(fleet, book.hour), 'planned_h': planned_h(fleet, book.hour)}
  waited = book.opening.keys() & fleet.machines if times['planned_h'] else set()
  return [times | _row(machine, book, fleet, opened.get(machine, Counter())) for machine in sorted({*book.sketches, *opened, *waited})]

def alert_rows(alerts, fleet):
  return [{**_about(alert.machine, fleet), 'code': alert.code, 'fault': alert.fault, 'severity': alert.severity, 'opened_at': _utc(parse_time(alert.opened_at)), 'opened_local': local_time(fleet, parse_time(alert.opened_at)), 'closed_at': _utc(parse_time(alert.closed_at)) if alert.closed_at else None, 'lasted_min': _minutes_of(alert)} for alert in sorted(alerts)]

def alerts_of_rows(rows):
  return [OpenedAlert(machine=row['machine'], code=row['code'], fault=row['fault'], severity=row['severity'], opened_at=_wire(row['opened_at']), closed_at=_wire(row['closed_at']) if row['closed_at'] else None) for row in rows]

def as_lines(rows, columns):
  names = tuple(columns)
  return ''.join((json.dumps({name: row[name] for name in names}, ensure_ascii=False, separators=(',', ':')) + '\n' for row in rows)).encode()

def hour_lines(book, alerts, fleet):
  return as_lines(hour_rows(book, alerts, fleet), HOUR_COLUMNS)

def alert_lines(alerts, fleet):
  return as_lines(alert_rows(alerts, fleet), ALERT_COLUMNS)

def planned_h(fleet, hour):
  if not any(fleet.week):
    return None
  day, begins = divmod(hour + ahead_of_utc(fleet.clock, hour), DAY_S)
  parts = ((day, begins), (day + 1, begins - DAY_S))
  open_s = sum((_open_s(fleet, at, since) for at, since in parts))
  return round(open_s / HOUR_SECONDS, 6)

def _open_s(fleet, day, since):
  if day in fleet.clock.off:
    return 0
  return sum((max(0, min(last * 60, since + HOUR_SECONDS) - max(first * 60, since)) for first, last in fleet.week[(day + FIRST_WEEKDAY) % 7]))

def local_time(fleet, t):
  return _utc(t + ahead_of_utc(fleet.clock, t))

def money(worked, rates):
  adblue_l = _times(worked.fuel_l, rates['adblue_pct'] / 100)
  costs = {'fuel_cost': _times(worked.fuel_l, rates['fuel_per_l']), 'adblue_cost': _times(adblue_l, rates['adblue_per_l']), 'upkeep_cost': _times(worked.engine_h, rates['upkeep_per_h']), 'depreciation_cost': _times(worked.engine_h, rates['depreciation_per_h'])}
  return {'adblue_l': adblue_l, 'idle_fuel_l': _times(worked.idle_h, rates['idle_lph']), **costs, 'cost': None if None in costs.values() else round(sum(costs.values()), 6), 'currency': rates['currency']}

def _row(machine, book, fleet, opened):
  sketch = book.sketches.get(machine, Sketch())
  worked = figures(book.opening.get(machine, NO_METERS), sketch)
  _, _, lat, lon = sketch.place or (0, 0, None, None)
  return {**_about(machine, fleet), 'engine_h': worked.engine_h, 'idle_h': worked.idle_h, 'work_h': worked.work_h, 'fuel_l': worked.fuel_l, **_money_of(machine, worked, book.rates), 'co2e_kg': _times(worked.fuel_l, CO2E_KG_PER_L), **{f'alerts_{gravity}': opened[gravity] for gravity in GRAVITIES}, 'readings': sketch.readings, 'meter_changed': worked.meter_changed, 'lat': lat, 'lon': lon}

def _money_of(machine, worked, rates):
  if rates is None:
    return dict(UNPRICED)
  return money(worked, {**rates, **rates['own'].get(machine, {})})

def _about(machine, fleet):
  label, kind, zone = fleet.machines.get(machine, (None, None, None))
  return {'site': fleet.site, 'machine': machine, 'label': label or None, 'class': kind, 'zone': zone or None}

def _times(value, factor):
  return None if value is None else round(value * factor, 6)

def _minutes_of(alert):
  if alert.closed_at is None:
    return None
  return round((parse_time(alert.closed_at) - parse_time(alert.opened_at)) / 60, 1)

def _utc(t):
  return format_time(t)[:-1].replace('T', ' ')

def _wire(timestamp):
  return timestamp.replace(' ', 'T') + 'Z'

# --- chantier.records
SITE = 'site'
SITE_INDEX = 'site'
RAW = 'raw/'

# --- chantier.functions.opened

class Opened:
  def __init__(self, table, site):
    self._table = table
    self._site = site
    self.service = Service('dynamodb')
  def in_hours(self, hours):
    found = {hour: [] for hour in sorted(set(hours))}
    for first, end in _spans_of(found):
      for item in self._between(format_time(first), format_time(end - 1)):
        alert = _alert(item)
        opened = parse_time(alert.opened_at)
        found[opened - opened % HOUR_SECONDS].append(alert)
    return {hour: sorted(alerts, key=_order) for hour, alerts in found.items()}
  def _between(self, first, last):
    fields = {f'#{name}': name for name in OpenedAlert._fields}
    request = {'TableName': self._table, 'IndexName': SITE_INDEX, 'KeyConditionExpression': '#site = :site AND #opened_at BETWEEN :first AND :last', 'ProjectionExpression': ', '.join(fields), 'ExpressionAttributeNames': {'#site': SITE, **fields}, 'ExpressionAttributeValues': {':site': {'S': self._site}, ':first': {'S': first}, ':last': {'S': last}}}
    while True:
      page = dynamodb(self.service, 'Query', request)
      yield from page['Items']
      if not page.get('LastEvaluatedKey'):
        return
      request['ExclusiveStartKey'] = page['LastEvaluatedKey']

def _spans_of(hours):
  spans = []
  for hour in hours:
    if spans and spans[-1][1] == hour:
      spans[-1] = (spans[-1][0], hour + HOUR_SECONDS)
    else:
      spans.append((hour, hour + HOUR_SECONDS))
  return spans

def _alert(item):
  said = {name: item[name]['S'] for name in OpenedAlert._fields if name in item}
  return OpenedAlert(**{'fault': '', 'closed_at': None, **said})

def _order(alert):
  return (alert.machine, alert.code, alert.fault, alert.opened_at)

# --- chantier.functions.books
ONE_DAY_S = 86400
BACK_S = 62 * ONE_DAY_S

class Books:
  def __init__(self, bucket, opened, fleet, *, rates, recount, forgotten_before):
    self._bucket = bucket
    self._opened = opened
    self._fleet = fleet
    self._rates = rates
    self._recount = recount
    self._forgotten_before = forgotten_before
    self._alerts = {}
    self._known = []
    self.written = []
    self.damaged = []
  def last(self):
    return max(self._listed(''), default=None)
  def news(self, hours):
    self._alerts |= self._opened.in_hours(hours)
    return [hour for hour in sorted(self._alerts) if self._has_news(hour)]
  def open_hours(self):
    return tuple((hour for hour, alerts in sorted(self._alerts.items()) if any((alert.closed_at is None for alert in alerts))))
  def update(self, counted, hours, *, whole):
    start = min(hours)
    self._find(start)
    opening = None
    moves = whole
    for hour in sorted({*hours, *(one for one in self._known if one >= start)}):
      if hour not in hours and (not moves):
        opening = None
        continue
      if opening is None:
        opening = self._closing_before(hour)
      before = self._read(hour)
      book = self._update(hour, before, opening, counted.get(hour, {}))
      opening = closing(book)
      moves = whole or before is None or closing(before) != opening
  def _update(self, hour, before, opening, more):
    if before is None:
      before = Book(hour, self._rates, {}, {})
      if format_time(hour) in self.damaged:
        merge_into(before.sketches, self._recount(hour))
    book = before._replace(opening=opening, sketches=dict(before.sketches))
    merge_into(book.sketches, more)
    alerts = self._alerts_of(hour)
    changed = [self._write(HOURS, hour, hour_lines(book, alerts, self._fleet)), bool(alerts or self._kept_alerts(hour) is not None) and self._write(HOUR_ALERTS, hour, alert_lines(alerts, self._fleet)), self._write(METERS, hour, dump_book(book))]
    if any(changed):
      self.written.append(format_time(hour))
    if hour not in self._known:
      self._known = sorted([*self._known, hour])
    return book
  def _write(self, prefix, hour, body):
    key = hour_key(prefix, format_time(hour))
    if self._bucket.get(key) == body:
      return False
    self._bucket.put(key, body)
    return True
  def _closing_before(self, hour):
    earlier = [one for one in self._known if one < hour]
    if not earlier:
      return {}
    before = self._read(earlier[-1])
    if before is None:
      before = self._update(earlier[-1], None, self._closing_before(earlier[-1]), {})
    return closing(before)
  def _read(self, hour):
    body = self._bucket.get(hour_key(METERS, format_time(hour)))
    if body is None:
      return None
    try:
      book = load_book(body)
    except ValueError:
      book = None
    if book is None or book.hour != hour:
      self.damaged.append(format_time(hour))
      return None
    return book
  def _has_news(self, hour):
    kept = self._kept_alerts(hour)
    alerts = self._alerts_of(hour)
    return bool(alerts) if kept is None else kept != alert_lines(alerts, self._fleet)
  def _alerts_of(self, hour):
    if hour not in self._alerts:
      self._alerts |= self._opened.in_hours([hour])
    alerts = {alert[:5]: alert for alert in self._alerts[hour]}
    if hour < self._forgotten_before:
      for alert in _alerts_in(self._kept_alerts(hour) or b''):
        alerts.setdefault(alert[:5], alert)
    return sorted(alerts.values(), key=lambda alert: alert[:5])
  def _kept_alerts(self, hour):
    return self._bucket.get(hour_key(HOUR_ALERTS, format_time(hour)))
  def _find(self, start):
    self._known = self._listed(hour_key(METERS, format_time(max(start - BACK_S, 0))))
    if not self._known or self._known[0] >= start:
      self._known = self._listed('')
  def _listed(self, after):
    keys = (one.key for one in self._bucket.listed(METERS, after))
    return [parse_time(hour) for hour in hours_of_keys(METERS, keys)]

def _alerts_in(body):
  try:
    return alerts_of_rows([json.loads(line) for line in body.splitlines() if line])
  except (ValueError, KeyError, TypeError, AttributeError):
    return []

# --- chantier.functions.counting
OLDEST_S = 32 * 86400

class Count:
  def __init__(self, machines):
    self._machines = machines
    self.hours = {}
    self.counted = Counter()
  def take(self, lines):
    for line in lines:
      if line:
        self.counted[self._take(line)] += 1
  def _take(self, line):
    try:
      said = json.loads(line)
      machine, arrived = (said['machine'], int(said['arrived_at']) // 1000)
      if machine not in self._machines:
        return 'unknown'
      message = decode(said, now=arrived)
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError, Malformed):
      return 'unread'
    self.counted['rejected'] += len(message.rejected)
    by_hour = {}
    for reading in message.readings:
      by_hour.setdefault(reading.t - reading.t % HOUR_SECONDS, []).append(reading)
    for hour, readings in by_hour.items():
      if hour < arrived - OLDEST_S:
        self.counted['too_old'] += len(readings)
      else:
        self.counted['readings'] += len(readings)
        merge_into(self.hours.setdefault(hour, {}), {machine: sketch_of(readings, hour)})
    return 'messages'

# --- chantier.functions.prices
NO_PARAMETER = 'ParameterNotFound'

def fuel_price(name):
  headers = {'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'AmazonSSM.GetParameter'}
  try:
    answer = Service('ssm').call('POST', '/', headers, json.dumps({'Name': name}).encode())
  except CallFailed as refused:
    if refused.code == NO_PARAMETER:
      return None
    raise
  try:
    price = float(json.loads(answer)['Parameter']['Value'])
  except ValueError:
    return None
  return price if 0 <= price < float('inf') else None

# --- chantier.functions.progress
PROGRESS_VERSION = 1
RUN_S = 960
AHEAD_S = 60
SOMEBODY_WAS_FIRST = ('PreconditionFailed', 'ConditionalRequestConflict', 'NoSuchKey')

class Busy(Exception):
  pass

Progress = namedtuple('Progress', 'until unsettled mending begun damaged', defaults=(None, (), None, None, False))

class Ledger:
  def __init__(self, bucket):
    self._bucket = bucket
    self._etag = ''
    self._mine = False
  def read(self, now):
    found = [one for one in self._bucket.listed(PROGRESS) if one.key == PROGRESS]
    self._etag = found[0].etag if found else ''
    body = self._bucket.get(PROGRESS) if found else None
    progress = Progress() if body is None else _read(body)
    if progress.until is not None and progress.until > now + AHEAD_S:
      progress = progress._replace(until=None, damaged=True)
    if progress.begun is not None and -AHEAD_S <= now - progress.begun < RUN_S:
      raise Busy(f'another run began at {format_time(progress.begun)}')
    return progress
  def begin(self, progress):
    self._put_if_unchanged(progress)
    self._mine = True
  def end(self, progress):
    if self._mine:
      self._bucket.put(PROGRESS, _dump(progress))
    else:
      self._put_if_unchanged(progress)
  def _put_if_unchanged(self, progress):
    try:
      self._bucket.put_if(PROGRESS, _dump(progress), self._etag)
    except CallFailed as refused:
      if refused.code in SOMEBODY_WAS_FIRST:
        raise Busy('another run began at the same time') from None
      raise

def _dump(progress):
  said = {'v': PROGRESS_VERSION, 'until': _time(progress.until), 'unsettled': [_time(hour) for hour in progress.unsettled], 'mending': _time(progress.mending), 'begun': _time(progress.begun)}
  return json.dumps(said, indent=1).encode()

def _read(body):
  try:
    said = json.loads(body)
    if said['v'] != PROGRESS_VERSION:
      return Progress(damaged=True)
    return Progress(until=_moment(said['until']), unsettled=tuple((parse_time(hour) for hour in said['unsettled'])), mending=_moment(said['mending']), begun=_moment(said['begun']))
  except (ValueError, KeyError, TypeError, RecursionError, Malformed):
    return Progress(damaged=True)

def _time(t):
  return None if t is None else format_time(t)

def _moment(said):
  return None if said is None else parse_time(said)

# --- chantier.functions.aggregate
OVERLAP_S = 300
WAITS_S = 86400
SETTLED_S = 48 * HOUR_SECONDS
RECOUNT_S = 2 * HOUR_SECONDS
MOST_READ_BYTES = 4000000000
A_DAY_S = 86400

Due = namedtuple('Due', 'until since alerts_since')

class Aggregate:
  def __init__(self, settings, clock=time.time):
    self.fleet = fleet_of(settings)
    self.bucket = Bucket(os.environ['BUCKET'])
    self.opened = Opened(os.environ['TABLE'], self.fleet.site)
    self._parameter = os.environ.get('FUEL_PRICE', '')
    self._keep_s = settings['alert_days'] * A_DAY_S
    self._clock = clock
  def handle(self, event, _context=None):
    said = {'began_at': round(self._clock() * 1000, 1)}
    if event == {}:
      said['warm'] = True
    else:
      now = int(self._clock())
      named = {name: parse_time(event[name]) for name in Due._fields if name in event}
      due = Due(min(named.get('until', now), now), named.get('since'), named.get('alerts_since'))
      try:
        self._run(now, due, said)
      except Busy as reason:
        said['busy'] = str(reason)
    said['ended_at'] = round(self._clock() * 1000, 1)
    print(json.dumps(said, separators=(',', ':')))
    return said
  def _run(self, now, due, said):
    ledger = Ledger(self.bucket)
    progress = ledger.read(now)
    books = self._books(now, said)
    if progress.damaged:
      books.damaged.append('progress')
    since = self._since(progress, books, due.until) if due.since is None else due.since
    oldest = due.until - OLDEST_S
    since = max(since, oldest)
    if progress.until is None:
      progress = progress._replace(until=since + OVERLAP_S)
    objects, until = _as_many(self._raw(since, due.until), due.until, said)
    count = self._count(objects)
    looked = min(since - SETTLED_S, until - SETTLED_S, due.alerts_since or since)
    looked = max(looked, oldest)
    hours = self._hours(count, books, progress, range(looked, until))
    if hours:
      _write(ledger, progress, books, count, hours, now)
    reached = max(until, progress.until or 0)
    ledger.end(Progress(until=reached, unsettled=books.open_hours()))
    said |= {'since': format_time(since), 'until': format_time(until), 'alerts_since': format_time(looked), 'objects': len(objects), **{name: count.counted[name] for name in ('messages', 'readings')}, **{name: number for name, number in sorted(count.counted.items()) if number}, 'hours': books.written, 'damaged': books.damaged}
  def _since(self, progress, books, until):
    if progress.until is not None:
      return min(progress.until, until) - OVERLAP_S
    last = books.last() if progress.damaged else None
    return min(last or until, until - HOUR_SECONDS)
  def _hours(self, count, books, progress, looked):
    begun = looked.start - looked.start % HOUR_SECONDS
    lately = range(begun, looked.stop + 1, HOUR_SECONDS)
    hours = {*count.hours, *books.news({*count.hours, *lately, *progress.unsettled})}
    if progress.mending is not None:
      hours.add(progress.mending)
    return sorted(hours)
  def _books(self, now, said):
    return Books(self.bucket, self.opened, self.fleet, rates=self._rates(said), recount=self._recount, forgotten_before=now - self._keep_s)
  def _rates(self, said):
    if self.fleet.rates is None:
      return None
    price = fuel_price(self._parameter)
    if price is None:
      price = self.fleet.rates['fuel_per_l']
      said['trouble'] = f"{self._parameter} is no price: the site file's counts"
    said['fuel_per_l'] = price
    return {**self.fleet.rates, 'fuel_per_l': price}
  def _raw(self, since, until):
    first, last = (format_time(since), format_time(until))
    days = range((since - WAITS_S) // A_DAY_S, until // A_DAY_S + 1)
    found = (one for day in days for one in self.bucket.listed(f'{RAW}dt={format_time(day * A_DAY_S)[:10]}/') if first < one.modified <= last)
    return sorted(found, key=lambda one: (one.modified, one.key))
  def _count(self, objects):
    count = Count(self.fleet.machines)
    for one in objects:
      count.take(self.bucket.lines(one))
    return count
  def _recount(self, hour):
    return self._count(self._raw(hour, hour + RECOUNT_S)).hours.get(hour, {})

def _write(ledger, progress, books, count, hours, now):
  mending = progress._replace(mending=min(hours), damaged=False)
  ledger.begin(mending._replace(begun=now))
  try:
    books.update(count.hours, hours, whole=progress.mending is not None)
  except BaseException:
    ledger.end(mending._replace(begun=None))
    raise

def _as_many(objects, until, said):
  left = MOST_READ_BYTES
  for index, one in enumerate(objects):
    left -= one.size
    following = objects[index + 1:index + 2]
    if left < 0 and following and (following[0].modified > one.modified):
      said['behind'] = len(objects) - index - 1
      return (objects[:index + 1], parse_time(one.modified))
  return (objects, until)

SETTINGS = {"site": "zac-des-tilleuls", "alert_days": 1095, "offsets": [[0, 3600], [1711846800, 7200], [1729990800, 3600], [1743296400, 7200], [1761440400, 3600], [1774746000, 7200], [1792890000, 3600], [1806195600, 7200], [1824944400, 3600], [1837645200, 7200], [1856394000, 3600], [1869094800, 7200], [1887843600, 3600], [1901149200, 7200], [1919293200, 3600], [1932598800, 7200], [1950742800, 3600], [1964048400, 7200], [1982797200, 3600], [1995498000, 7200], [2014246800, 3600], [2026947600, 7200], [2045696400, 3600], [2058397200, 7200], [2077146000, 3600], [2090451600, 7200], [2108595600, 3600], [2121901200, 7200], [2140045200, 3600], [2153350800, 7200], [2172099600, 3600], [2184800400, 7200], [2203549200, 3600], [2216250000, 7200], [2234998800, 3600], [2248304400, 7200], [2266448400, 3600], [2279754000, 7200], [2297898000, 3600], [2311203600, 7200], [2329347600, 3600], [2342653200, 7200], [2361402000, 3600]], "off": [19723, 19814, 19844, 19851, 19852, 19863, 19918, 19950, 20028, 20038, 20082, 20089, 20199, 20209, 20216, 20237, 20248, 20283, 20315, 20393, 20403, 20447, 20454, 20549, 20574, 20581, 20587, 20598, 20648, 20680, 20758, 20768, 20812, 20819, 20906, 20939, 20944, 20946, 20955, 21013, 21045, 21123, 21133, 21177, 21184, 21291, 21305, 21312, 21329, 21340, 21379, 21411, 21489, 21499, 21543, 21550, 21641, 21670, 21677, 21679, 21690, 21744, 21776, 21854, 21864, 21908, 21915, 22026, 22035, 22042, 22064, 22075, 22109, 22141, 22219, 22229, 22273, 22280, 22383, 22400, 22407, 22421, 22432, 22474, 22506, 22584, 22594, 22638, 22645, 22733, 22766, 22771, 22773, 22782, 22840, 22872, 22950, 22960, 23004, 23011, 23118, 23131, 23138, 23156, 23167, 23205, 23237, 23315, 23325, 23369, 23376, 23475, 23496, 23503, 23513, 23524, 23570, 23602, 23680, 23690, 23734, 23741, 23825, 23861, 23863, 23868, 23874, 23935, 23967, 24045, 24055, 24099, 24106, 24210, 24227, 24234, 24248, 24259, 24301, 24333, 24411, 24421, 24465, 24472, 24567, 24592, 24599, 24605, 24616, 24666, 24698, 24776, 24786, 24830, 24837, 24952, 24957, 24964, 24990, 25001, 25031, 25063, 25141, 25151, 25195, 25202, 25302, 25322, 25329, 25340, 25351, 25396, 25428, 25506, 25516, 25560, 25567, 25659, 25688, 25695, 25697, 25708, 25762, 25794, 25872, 25882, 25926, 25933, 26044, 26053, 26060, 26082, 26093, 26127, 26159, 26237, 26247, 26291, 26298, 26394, 26418, 26425, 26432, 26443, 26492, 26524, 26602, 26612, 26656, 26663, 26751, 26783, 26789, 26790, 26800, 26857, 26889, 26967, 26977, 27021, 27028, 27136, 27149, 27156, 27174, 27185, 27223, 27255, 27333, 27343, 27387], "week": [[[450, 720], [780, 990]], [[450, 720], [780, 990]], [[450, 720], [780, 990]], [[450, 720], [780, 990]], [[450, 720], [780, 930]], [], []], "groups": [
  {"zone": "Plateforme nord", "label": "Pelle 22 t", "class": "crawler-excavator", "machines": ["EX-001", "EX-002"]},
  {"zone": "Bassin de rétention", "label": "Pelle 22 t", "class": "crawler-excavator", "machines": ["EX-003"]},
  {"zone": "Bassin de rétention", "label": "Pelle 23 t", "class": "crawler-excavator", "machines": ["EX-004"]},
  {"zone": "Plateforme nord", "label": "Chargeuse 18 t", "class": "wheel-loader", "machines": ["CH-001", "CH-003"]},
  {"zone": "Bassin de rétention", "label": "Chargeuse 18 t", "class": "wheel-loader", "machines": ["CH-002"]},
  {"zone": "Plateforme nord", "label": "Tombereau 30 t", "class": "articulated-dumper", "machines": ["TB-001", "TB-002"]},
  {"zone": "Bassin de rétention", "label": "Tombereau 30 t", "class": "articulated-dumper", "machines": ["TB-003"]},
  {"zone": "Plateforme nord", "label": "Compacteur 13 t", "class": "roller", "machines": ["CO-001"]},
  {"zone": "Bassin de rétention", "label": "Compacteur 13 t", "class": "roller", "machines": ["CO-002"]}], "rates": {"currency": "EUR", "fuel_per_l": 1.2, "adblue_per_l": 0.8, "adblue_pct": 3.0, "idle_lph": 3.8, "upkeep_per_h": 8.0, "depreciation_per_h": 15.0, "own": {}}}

handler = Aggregate(SETTINGS).handle
