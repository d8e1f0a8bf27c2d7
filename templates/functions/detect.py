from __future__ import annotations

import hashlib
import hmac
import json
import os
import socket
import ssl
import time
from collections import namedtuple
from datetime import UTC, datetime
from operator import ge, gt, le, lt

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

Reading = namedtuple('Reading', 't seq st eng rpm load_pct fuel_lph fuel_used_l fuel_pct def_pct op_h idle_h cool_c hyd_c oil_kpa batt_v lat lon spd_kmh pitch roll cyc dtc lamp', defaults=(0, None, None, None, None, None, None, None, None, None, None, None, None, None, None, None, None, None, None, None, None, (), ()))

Message = namedtuple('Message', 'readings rejected', defaults=((),))
RANGES = {
  'rpm': (0, 8032), 'load_pct': (0, 250), 'fuel_lph': (0, 3213), 'fuel_used_l': (0, 2200000000.0),
  'fuel_pct': (0, 100), 'def_pct': (0, 100), 'op_h': (0, 220000000.0), 'idle_h': (0, 220000000.0),
  'cool_c': (-60, 250), 'hyd_c': (-60, 250), 'oil_kpa': (0, 1000), 'batt_v': (0, 100),
  'lat': (-90, 90), 'lon': (-180, 180), 'spd_kmh': (0, 251), 'pitch': (-180, 180),
  'roll': (-180, 180), 'cyc': (0, 1000000000000.0),
}

def format_time(t):
  return datetime.fromtimestamp(t, UTC).strftime('%Y-%m-%dT%H:%M:%SZ')

# --- chantier.decoding
HUGE = 10 ** 40
FIRST_T, LAST_T = (946684800, 4102444800)
MAX_SPN, MAX_FMI, MAX_OC = (524287, 31, 127)

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
  if not isinstance(value, int | float) or isinstance(value, bool) or value != value:
    raise Malformed(f'{key} is {_kind(value)}, expected a number')
  low, high = RANGES[key]
  return round(value, 6) if low <= value <= high else None

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
  if isinstance(code, list) and [type(part) for part in code] == [int, int, int]:
    spn, fmi, occurrences = code
    if 0 <= spn <= MAX_SPN and 0 <= fmi <= MAX_FMI and (0 <= occurrences <= MAX_OC):
      return (spn, fmi, occurrences)
  raise Malformed(f'dtc holds {_kind(code)}, expected [spn, fmi, oc] as whole numbers')

def _kind(value):
  if value is None:
    return 'null or missing'
  if isinstance(value, int) and abs(value) >= HUGE:
    return 'a huge number'
  if isinstance(value, bool | int | float | str):
    return json.dumps(value)[:40]
  return {'list': 'a list', 'dict': 'an object'}.get(type(value).__name__, 'of a strange type')

# --- chantier.detection.memory
MEMORY_VERSION = 1

Track = namedtuple('Track', 'level held since opened_at calm worst base readings', defaults=(0, (), 0, 0, 0, None, 0.0, 0))

Memory = namedtuple('Memory', 't seq engine_on lat lon tracks', defaults=(0, 0, 0, None, None, ()))

Event = namedtuple('Event', 'kind code fault severity level t since opened_at value limit unit lat lon readings')

def dump(memory):
  body = {'v': MEMORY_VERSION, **memory._asdict(), 'tracks': dict(memory.tracks)}
  return json.dumps(body, separators=(',', ':'))

def load(text):
  if text is None:
    return Memory()
  body = json.loads(text)
  if body.pop('v', None) != MEMORY_VERSION:
    raise ValueError(f'detection memory is not of version {MEMORY_VERSION}')
  tracks = tuple(((name, Track(level, tuple(held), *rest)) for name, (level, held, *rest) in body.pop('tracks').items()))
  return Memory(**body, tracks=tracks)

# --- chantier.detection.condition
ANY_RPM = 1000000000.0
COMPARE = {
  '>=': ge, '>': gt, '<=': le, '<': lt,
}

Level = namedtuple('Level', 'severity limit for_s')

Condition = namedtuple('Condition', 'code field unit opens clears levels clear clear_for_s inhibit_s engine above_rpm up_to_rpm gap_s', defaults=(30, True, -1.0, ANY_RPM, 120))

def step(rule, track, value, t, gap):
  past = COMPARE[rule.opens]
  broken = bool(rule.gap_s) and gap > rule.gap_s
  before = track.held or (0,) * len(rule.levels)
  held = tuple((0 if not past(value, level.limit) else t if broken or not since else since for level, since in zip(rule.levels, before, strict=True)))
  reached = max((index for index, (level, since) in enumerate(zip(rule.levels, held, strict=True), 1) if since and t - since >= level.for_s), default=0)
  if track.level:
    return _while_open(rule, track._replace(held=held), reached, value, t)
  if not reached:
    return ('', Track(held=held) if any(held) else Track())
  since = min((start for start in held if start))
  base = rule.levels[0].limit
  return ('open', Track(reached, held, since, opened_at=t, worst=value, base=base, readings=1))

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

# --- chantier.detection.engine
COOLANT_HIGH = {
  'warning': 109.0, 'critical': 111.0, 'stop': 114.0, 'for_s': 10, 'clear': 104.0,
  'clear_for_s': 120,
}
OIL_PRESS_LOW = {
  'idle': 100.0, 'work': 200.0, 'work_rpm': 1500.0, 'margin': 50.0, 'for_s': 0,
}

def coolant_high(limits):
  for_s = int(limits['for_s'])
  return (Condition(code='COOLANT_HIGH', field='cool_c', unit='°C', opens='>=', levels=(Level('warning', limits['warning'], for_s), Level('critical', limits['critical'], for_s), Level('critical', limits['stop'], for_s)), clears='<', clear=limits['clear'], clear_for_s=int(limits['clear_for_s']), engine=False),)

def oil_press_low(limits):
  turn = limits['work_rpm']
  return (_oil(limits, limits['idle'], above_rpm=-1.0, up_to_rpm=turn), _oil(limits, limits['work'], above_rpm=turn, up_to_rpm=ANY_RPM))

def _oil(limits, limit, *, above_rpm, up_to_rpm):
  return Condition(code='OIL_PRESS_LOW', field='oil_kpa', unit='kPa', opens='<', levels=(Level('critical', limit, int(limits['for_s'])),), clears='>=', clear=limit + limits['margin'], clear_for_s=0, inhibit_s=15, engine=True, above_rpm=above_rpm, up_to_rpm=up_to_rpm)

# --- chantier.detection.faults
DTC = 'DTC'
FAULT_CODE = {
  'absent_for_s': 60.0,
}
RESTART_S = 30
FAULT_SEVERITIES = ('warning', 'critical')

def lamp_level(lamps):
  return 2 if 'RSL' in lamps else 1

def follow_faults(tracks, reading, *, engine_on, absent_for_s):
  level = lamp_level(reading.lamp)
  active = {f'{spn}-{fmi}': count for spn, fmi, count in reading.dtc}
  for fault, count in active.items():
    track = tracks.get(f'{DTC}:{fault}', Track())
    if not track.level:
      yield ('open', fault, Track(level, since=reading.t, opened_at=reading.t, worst=count, readings=1))
      continue
    worst = max(count, int(track.worst or 0))
    seen = track._replace(calm=0, worst=worst, readings=track.readings + 1)
    if level > track.level:
      yield ('escalate', fault, seen._replace(level=level))
    else:
      yield ('update', fault, seen)
  for name, track in tracks.items():
    fault = name.removeprefix(f'{DTC}:')
    if fault not in active:
      yield _absent(fault, track, reading, engine_on=engine_on, absent_for_s=absent_for_s)

def _absent(fault, track, reading, *, engine_on, absent_for_s):
  if reading.eng is False or (reading.eng is None and reading.rpm == 0):
    return ('wait', fault, track._replace(calm=0))
  calm = track.calm or reading.t
  needed = min(RESTART_S, absent_for_s) if calm == engine_on else absent_for_s
  over = reading.t - calm >= needed
  return ('close' if over else 'wait', fault, track._replace(calm=calm))

# --- chantier.detection.supplies
FUEL_LOW = {
  'warning': 15.0, 'critical': 5.0, 'for_s': 300, 'clear': 20.0,
}
BATT_LOW = {
  'info': 24.8, 'warning': 24.0, 'critical': 23.0, 'clear': 25.2, 'for_s': 60,
}

def fuel_low(limits):
  for_s = int(limits['for_s'])
  return (Condition(code='FUEL_LOW', field='fuel_pct', unit='%', opens='<=', levels=(Level('warning', limits['warning'], for_s), Level('critical', limits['critical'], for_s)), clears='>=', clear=limits['clear'], clear_for_s=0, engine=False, gap_s=0),)

def batt_low(limits):
  for_s = int(limits['for_s'])
  return (Condition(code='BATT_LOW', field='batt_v', unit='V', opens='<', levels=tuple((Level(severity, limits[severity], for_s) for severity in ('info', 'warning', 'critical'))), clears='>', clear=limits['clear'], clear_for_s=0, engine=False, gap_s=0),)

# --- chantier.detection.catalogue
DEFAULTS = {
  'COOLANT_HIGH': COOLANT_HIGH, 'OIL_PRESS_LOW': OIL_PRESS_LOW, 'FUEL_LOW': FUEL_LOW,
  'BATT_LOW': BATT_LOW, 'DTC': FAULT_CODE,
}
CONDITIONS = {
  'COOLANT_HIGH': coolant_high, 'OIL_PRESS_LOW': oil_press_low, 'FUEL_LOW': fuel_low,
  'BATT_LOW': batt_low,
}
VOLTS = {
  'BATT_LOW': ('info', 'warning', 'critical', 'clear'),
}

Rules = namedtuple('Rules', 'limits conditions')

def rules_for(limits=None, *, volts=24):
  merged = {code: dict(numbers) for code, numbers in DEFAULTS.items()}
  for code, names in VOLTS.items():
    for name in names:
      merged[code][name] *= volts / 24
  for code, numbers in (limits or {}).items():
    merged[code].update(numbers)
  filled = (condition for code, fill in CONDITIONS.items() for condition in fill(merged[code]))
  return Rules(merged, tuple(filled))
DEFAULT_RULES = rules_for()

# --- chantier.detection.observe
NOT_FOLLOWED = Track()

def observe(memory, reading, rules=DEFAULT_RULES):
  if (reading.t, reading.seq) <= (memory.t, memory.seq):
    return (memory, ())
  gap = reading.t - memory.t if memory.t else 0
  now = Memory(t=reading.t, seq=reading.seq, engine_on=_engine_on(memory.engine_on, reading), lat=memory.lat if reading.lat is None else reading.lat, lon=memory.lon if reading.lon is None else reading.lon, tracks=memory.tracks)
  tracks = dict(memory.tracks)
  events = list(_thresholds(now, reading, rules, tracks, gap))
  if reading.dtc or tracks:
    events += _fault_codes(now, reading, rules, tracks)
  if tracks or memory.tracks:
    now = now._replace(tracks=tuple(sorted(tracks.items())))
  return (now, tuple(events))

def _engine_on(since, reading):
  turning = None if reading.rpm is None else reading.rpm > 0
  running = turning if reading.eng is None else reading.eng
  if running is None:
    return since
  return since or reading.t if running else 0

def _thresholds(memory, reading, rules, tracks, gap):
  running = reading.t - memory.engine_on if memory.engine_on else -1
  for rule in rules.conditions:
    value = getattr(reading, rule.field)
    if value is None or not _judged(rule, running, reading.rpm or 0.0):
      continue
    track = tracks.get(rule.code, NOT_FOLLOWED)
    if track is NOT_FOLLOWED and (not COMPARE[rule.opens](value, rule.levels[0].limit)):
      continue
    kind, track = step(rule, track, value, reading.t, gap)
    _keep(tracks, rule.code, kind, track)
    if kind:
      level = rule.levels[track.level - 1]
      told = _event(kind, rule.code, track, memory, severity=level.severity)
      limit = level.limit + track.base - rule.levels[0].limit
      yield told._replace(limit=limit, unit=rule.unit)

def _judged(rule, running, rpm):
  if running <= rule.inhibit_s and (running >= 0 or rule.engine):
    return False
  return rule.above_rpm < rpm <= rule.up_to_rpm

def _fault_codes(memory, reading, rules, tracks):
  prefix = f'{DTC}:'
  followed = {name: track for name, track in tracks.items() if name.startswith(prefix)}
  absent_for_s = int(rules.limits[DTC]['absent_for_s'])
  for kind, fault, track in follow_faults(followed, reading, engine_on=memory.engine_on, absent_for_s=absent_for_s):
    _keep(tracks, prefix + fault, kind, track)
    if kind != 'wait':
      severity = FAULT_SEVERITIES[track.level - 1]
      yield _event(kind, DTC, track, memory, severity=severity)._replace(fault=fault)

def _keep(tracks, name, kind, track):
  if kind == 'close' or track == NOT_FOLLOWED:
    tracks.pop(name, None)
  else:
    tracks[name] = track

def _event(kind, code, track, memory, *, severity):
  return Event(kind=kind, code=code, fault='', severity=severity, level=track.level, t=memory.t, since=track.since, opened_at=track.opened_at, value=track.worst, limit=None, unit='', lat=memory.lat, lon=memory.lon, readings=track.readings)

# --- chantier.detection.sentence

def sentence(event, words, *, machine, zone, clock):
  frame = words['frame']
  todo = words['todo'][event.code]
  what = words['what'][event.code][0].format(value=_figure(event.value, frame['decimal'][0]), limit=_figure(event.limit, frame['decimal'][0]), fault=event.fault)
  return frame['sentence'][0].format(machine=machine, what=what, since=clock(event.since, frame['time'][0]), zone=frame['zone'][0].format(zone=zone) if zone else '', todo=todo[min(event.level, len(todo)) - 1])

def _figure(value, decimal):
  return '?' if value is None else f'{value:.4g}'.replace('.', decimal)

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
  def ask(self, method, path, headers, body):
    request = _request_bytes(method, path, headers, body)
    keep = False
    try:
      if self._socket is None:
        self._socket = _connected(self.host, tls=self._tls)
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
SERVER_ERROR = 500
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
  path = '/' + url.partition('://')[2].partition('/')[2]
  request = f'{method}\n{path}\n\n{listed}\n{names}\n{digest}'
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
      if last or not (status >= SERVER_ERROR or 'Throttl' in code or 'Throughput' in code):
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
  service.call('PUT', f'/{bucket}/{_quoted(key)}', {'content-type': 'application/json'}, body)

def _error_code(answer):
  text = answer.decode(errors='replace')
  if text.startswith('{'):
    return str(json.loads(text).get('__type', '')).rpartition('#')[2]
  return text.partition('<Code>')[2].partition('</Code>')[0] or 'Unknown'

def _quoted(key):
  return ''.join((chr(byte) if byte in PLAIN else f'%{byte:02X}' for byte in key.encode()))

# --- chantier.records
MACHINE = 'machine'
KEY = 'key'
MEMORY = 'MEMORY'
OPEN_SITE = 'open_site'
QUARANTINE = 'quarantine/'

class Alert(namedtuple('Alert', 'machine code fault site severity level since opened_at last_seen_at closed_at value limit unit lat lon readings sentence')):
  __slots__ = ()
  @property
  def key(self):
    return f'ALERT#{self.opened_at}#{self.code}#{self.fault}'
  @property
  def id(self):
    parts = (self.machine, self.code, *((self.fault,) if self.fault else ()), self.opened_at)
    return '/'.join(parts)
  def as_dict(self):
    said = self._asdict()
    lat, lon = (said.pop('lat'), said.pop('lon'))
    said['position'] = None if lat is None or lon is None else {'lat': lat, 'lon': lon}
    return {'id': self.id, 'state': 'closed' if self.closed_at else 'open', **said}

def to_item(alert):
  item = {KEY: {'S': alert.key}}
  for name, value in alert._asdict().items():
    if isinstance(value, str):
      item[name] = {'S': value}
    elif value is not None:
      item[name] = {'N': repr(value)}
  if alert.closed_at is None:
    item[OPEN_SITE] = {'S': alert.site}
  return item

# --- chantier.functions.alerts
CONFLICTS = ('ConditionalCheckFailedException', 'TransactionCanceledException', 'TransactionConflictException')
MOST_ALERTS = 99

class Table:
  def __init__(self, name):
    self.name = name
    self._service = Service('dynamodb')
  def memory(self, machine):
    found = dynamodb(self._service, 'GetItem', {'TableName': self.name, 'Key': _key(machine, MEMORY), 'ConsistentRead': True}).get('Item')
    if not found:
      return (Memory(), 0)
    return (load(found['memory']['S']), int(found['version']['N']))
  def keep(self, machine, memory, version, alerts):
    put = {'TableName': self.name, 'Item': {**_key(machine, MEMORY), 'memory': {'S': dump(memory)}, 'version': {'N': str(version + 1)}}, 'ConditionExpression': 'attribute_not_exists(#k) OR #v = :v', 'ExpressionAttributeNames': {'#k': KEY, '#v': 'version'}, 'ExpressionAttributeValues': {':v': {'N': str(version)}}}
    try:
      if alerts:
        items = [{'Update': self._update(alert)} for alert in alerts]
        while len(items) > MOST_ALERTS:
          self._transact(items[:MOST_ALERTS])
          items = items[MOST_ALERTS:]
        self._transact([{'Put': put}, *items])
      else:
        dynamodb(self._service, 'PutItem', put)
    except CallFailed as refused:
      if refused.code in CONFLICTS:
        return False
      raise
    return True
  def _transact(self, items):
    dynamodb(self._service, 'TransactWriteItems', {'TransactItems': items})
  def _update(self, alert):
    item = to_item(alert)
    values = {name: value for name, value in item.items() if name not in (MACHINE, KEY)}
    names = {f'#{index}': name for index, name in enumerate(values)}
    sets = ', '.join((f'{short} = :{short[1:]}' for short in names))
    gone = 'closed_at' if OPEN_SITE in values else OPEN_SITE
    return {'TableName': self.name, 'Key': _key(alert.machine, alert.key), 'UpdateExpression': f'SET {sets} REMOVE {gone}', 'ExpressionAttributeNames': names, 'ExpressionAttributeValues': {f':{s[1:]}': values[name] for s, name in names.items()}}

def alert_of(event, *, machine, site, said):
  at = format_time(event.t)
  return Alert(machine=machine, code=event.code, fault=event.fault, site=site, severity=event.severity, level=event.level, since=format_time(event.since), opened_at=format_time(event.opened_at), last_seen_at=at, closed_at=at if event.kind == 'close' else None, value=event.value, limit=event.limit, unit=event.unit, lat=event.lat, lon=event.lon, readings=event.readings, sentence=said)

def _key(machine, key):
  return {MACHINE: {'S': machine}, KEY: {'S': key}}

# --- chantier.functions.detect
TRIES = 8
MOST_REASONS = 10
LAST_MS = 4102444800000

Watched = namedtuple('Watched', 'zone rules')

class Detect:
  def __init__(self, settings, words):
    os.environ['TZ'] = settings['tz']
    time.tzset()
    self.site = str(settings['site'])
    self.words = words
    self.machines = {}
    for group in settings['groups']:
      rules = rules_for(group.get('limits'), volts=group.get('volts', 24))
      watched = Watched(group.get('zone', ''), rules)
      self.machines.update(dict.fromkeys(group['machines'], watched))
    self.bucket = os.environ['BUCKET']
    self.table = Table(os.environ['TABLE'])
    self.s3 = Service('s3')
  def handle(self, event, _context=None):
    said = {'began_at': _now_ms(), 'machine': None, 'readings': 0, 'alerts': []}
    if event == {}:
      said['warm'] = True
    else:
      self._take(event, said)
    said['stored_at'] = _now_ms()
    print(json.dumps(said, separators=(',', ':')))
    return said
  def _take(self, event, said):
    body = event if isinstance(event, dict) else {}
    machine = str(body.get('machine', 'unknown'))
    arrived = body.get('arrived_at')
    if type(arrived) is not int or not 0 <= arrived < LAST_MS:
      arrived = int(_now_ms())
    said.update(machine=machine, arrived_at=arrived)
    message = self._read(event, machine, arrived)
    if message.rejected:
      reason = '; '.join(message.rejected[:MOST_REASONS])
      said['quarantined'] = self._quarantine(event, machine, arrived, reason)
    if message.readings:
      newest = message.readings[-1]
      said.update(readings=len(message.readings), t=newest.t, seq=newest.seq)
      said['alerts'] = self._judge(machine, message)
  def _read(self, event, machine, arrived):
    if machine not in self.machines:
      return Message((), (f'machine {machine[:64]!r} is not in the site file',))
    try:
      return decode(event, now=arrived // 1000)
    except Malformed as fault:
      return Message((), (fault.message,))
  def _judge(self, machine, message):
    for attempt in range(TRIES):
      time.sleep(attempt * os.urandom(1)[0] / 10000)
      before, version = self.table.memory(machine)
      after, events = self._fold(machine, before, message)
      alerts = [self._alert(machine, event) for event in events]
      unchanged = not events and (not changed(before, after))
      if unchanged or self.table.keep(machine, after, version, alerts):
        return [{'kind': e.kind, 'id': a.id} for e, a in zip(events, alerts, strict=True)]
    raise RuntimeError(f'{machine}: memory changed {TRIES} times under one message')
  def _fold(self, machine, memory, message):
    last = {}
    for reading in message.readings:
      memory, events = observe(memory, reading, self.machines[machine].rules)
      for event in events:
        life = (event.code, event.fault, event.opened_at)
        first = last.get(life)
        kind = first.kind if first and event.kind == 'update' else event.kind
        last[life] = event._replace(kind=kind)
    return (memory, tuple(last.values()))
  def _alert(self, machine, event):
    said = sentence(event, self.words, machine=machine, zone=self.machines[machine].zone, clock=_clock)
    return alert_of(event, machine=machine, site=self.site, said=said)
  def _quarantine(self, event, machine, arrived, reason):
    try:
      text = json.dumps(event, sort_keys=True)
    except RecursionError:
      text, reason = ('null', f'{reason}; too deep to copy here, the raw data has it')
    mark = hashlib.sha256(text.replace(str(arrived), '').encode()).hexdigest()[:32]
    day = format_time(arrived // 1000)[:10]
    kept = {'reason': reason, 'machine': machine, 'arrived_at': arrived, 'message': text}
    key = f'{QUARANTINE}dt={day}/{machine}-{mark}.json'
    put_object(self.s3, self.bucket, key, json.dumps(kept).encode())
    return reason

def changed(before, after):
  followed = bool(after.tracks) and after != before
  return followed or (before.engine_on, before.tracks) != (after.engine_on, after.tracks)

def _now_ms():
  return round(time.time() * 1000, 1)

def _clock(t, pattern):
  return time.strftime(pattern, time.localtime(t))

# --- chantier.detection.words_fr
WORDS = {
  'frame': {
    'sentence': ('{machine} : {what}, depuis le {since}{zone}. {todo}',),
    'zone': (', zone {zone}',), 'time': ('%d/%m à %H:%M',), 'decimal': (',',),
  },
  'what': {
    'COOLANT_HIGH': ('liquide de refroidissement à {value} °C (limite {limit} °C)',),
    'OIL_PRESS_LOW': ("pression d'huile moteur à {value} kPa (minimum {limit} kPa)",),
    'FUEL_LOW': ('carburant à {value} % (seuil {limit} %)',),
    'BATT_LOW': ('batterie à {value} V (seuil {limit} V)',),
    'DTC': ('code défaut {fault} (SPN-FMI)',),
  },
  'todo': {
    'COOLANT_HIGH': ('Mettre au ralenti, laisser refroidir, contrôler niveau et radiateur.', "Cesser le travail, laisser refroidir au ralenti, prévenir l'atelier.", "Arrêter le moteur tout de suite et prévenir l'atelier."),
    'OIL_PRESS_LOW': ("Arrêter le moteur tout de suite, contrôler le niveau d'huile.",),
    'FUEL_LOW': ('Prévoir le plein de GNR.', 'Faire le plein de GNR avant de reprendre : risque de panne sèche.'),
    'BATT_LOW': ('À contrôler au prochain entretien.', 'Contrôler la charge et les bornes de la batterie.', 'Charger ou remplacer la batterie avant le prochain démarrage.'),
    'DTC': ("Relever le code et prévenir l'atelier.", "Voyant rouge : arrêter l'engin en sécurité et prévenir l'atelier."),
  },
}

SETTINGS = {"site": "zac-des-tilleuls", "tz": "CET-1CEST,M3.5.0,M10.5.0/3", "groups": [
  {"zone": "Plateforme nord", "volts": 24, "machines": ["EX-001", "EX-002", "CH-001", "CH-003", "TB-001", "TB-002"]},
  {"zone": "Bassin de rétention", "volts": 24, "machines": ["EX-003", "EX-004", "CH-002", "TB-003"]},
  {"zone": "Plateforme nord", "volts": 12, "machines": ["CO-001"]},
  {"zone": "Bassin de rétention", "volts": 12, "limits": {"COOLANT_HIGH": {"warning": 107.0}}, "machines": ["CO-002"]}]}

handler = Detect(SETTINGS, WORDS).handle
