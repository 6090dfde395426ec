<?php
// Takes pushes with PHP 8 and PDO SQLite: verifies both signatures, keeps each push once, answers. The work is done by
// another process:
//
//   APP_KEY=demoAppKey01 APP_SECRET=demoAppSecret01 INBOX=inbox.sqlite php -S 127.0.0.1:9000 receiver.php
//   INBOX=inbox.sqlite php receiver.php work
//
// While a secret is changed over give both: APP_SECRET the new one, FORMER_SECRET the one before. In production: FPM
// behind TLS.

const CLOCK_SECONDS = 300;
const MOST_BYTES = 1 << 20;

function setting(string $name, string $default): string
{
    $value = getenv($name);
    return $value === false || $value === '' ? $default : $value;
}

/** Return a header as it came, "" when there is none. */
function header_of(string $name): string
{
    return (string) ($_SERVER['HTTP_' . strtoupper(str_replace('-', '_', $name))] ?? '');
}

/** Check X-AKSK, or X-WSSE of the older form. It covers Nonce and Created, NOT the body. */
function is_signed_by_vendor_headers(string $secret, int $now): bool
{
    $aksk = header_of('X-AKSK');
    preg_match_all('/(Username|PasswordDigest|Nonce|Created)="([^"]*)"/', $aksk ?: header_of('X-WSSE'), $found);
    $given = array_combine($found[1], $found[2]);
    if (count($given) !== 4 || !hash_equals(setting('APP_KEY', 'demoAppKey01'), $given['Username'])) {
        return false;
    }
    $created = DateTimeImmutable::createFromFormat('!Y-m-d\TH:i:s\Z', $given['Created'], new DateTimeZone('UTC'));
    if ($created === false || abs($now - $created->getTimestamp()) > CLOCK_SECONDS) {
        return false;
    }
    $text = $given['Nonce'] . $given['Created'];
    $digest = $aksk !== '' ? hash_hmac('sha256', $text, $secret, true) : hash('sha256', $text . $secret, true);
    return hash_equals(base64_encode($digest), $given['PasswordDigest']);
}

/** Check webhook-signature over id, time and the body's bytes as they came: never over JSON written anew. */
function is_signed_by_webhook_headers(string $body, string $secret, int $now): bool
{
    $id = header_of('webhook-id');
    $seconds = header_of('webhook-timestamp');
    if ($id === '' || !ctype_digit($seconds) || strlen($seconds) > 12 || abs($now - (int) $seconds) > CLOCK_SECONDS) {
        return false;
    }
    $expected = 'v1,' . base64_encode(hash_hmac('sha256', "$id.$seconds." . $body, webhook_key($secret), true));
    foreach (explode(' ', header_of('webhook-signature')) as $one) { // one for each secret valid at the moment
        if (hash_equals($expected, $one)) {
            return true;
        }
    }
    return false;
}

/** Return what signs webhooks: the secret's bytes, or those behind whsec_ where it begins so. */
function webhook_key(string $secret): string
{
    return str_starts_with($secret, 'whsec_') ? base64_decode(substr($secret, 6)) : $secret;
}

function is_genuine(string $body): bool
{
    $now = time();
    $vendor = $webhook = false;
    $present = setting('APP_SECRET', 'demoAppSecret01');
    foreach ([$present, setting('FORMER_SECRET', $present)] as $secret) {
        $vendor = is_signed_by_vendor_headers($secret, $now) || $vendor;
        $webhook = is_signed_by_webhook_headers($body, $secret, $now) || $webhook;
    }
    return $vendor && $webhook;
}

/** Open the table of pushes. Its key is webhook-id, which stays the same over re-pushes and replays. */
function inbox(): PDO
{
    $inbox = new PDO('sqlite:' . setting('INBOX', 'inbox.sqlite'));
    $inbox->setAttribute(PDO::ATTR_ERRMODE, PDO::ERRMODE_EXCEPTION);
    $inbox->exec('PRAGMA busy_timeout=5000');
    $inbox->exec('PRAGMA journal_mode=WAL');
    $inbox->exec('CREATE TABLE IF NOT EXISTS push (id TEXT PRIMARY KEY, sequence INTEGER, body BLOB, done INTEGER)');
    return $inbox;
}

/** Answer 200 once a push is kept on disk. Anything else, or nothing within 10 s, and it is sent again. */
function receive(): int
{
    $body = file_get_contents('php://input', false, null, 0, MOST_BYTES + 1); // the bytes, before anything parses them
    if ($body === false || strlen($body) > MOST_BYTES) {
        return 413;
    }
    if ($_SERVER['REQUEST_METHOD'] !== 'POST' || !is_genuine($body)) {
        return 401;
    }
    try {
        $row = inbox()->prepare('INSERT OR IGNORE INTO push VALUES (?, ?, ?, 0)');
        $row->execute([header_of('webhook-id'), (int) header_of('X-Maskline-Sequence'), $body]);
    } catch (PDOException) {
        return 503; // it will come again
    }
    return 200;
}

/** Do what pushes tell, one after another, apart from answering. A crash loses nothing: done is set last. */
function work(): void
{
    while (true) {
        try {
            $inbox = inbox();
            foreach ($inbox->query('SELECT id, body FROM push WHERE done = 0 ORDER BY rowid')->fetchAll() as $row) {
                work_on($inbox, $row['id'], $row['body']);
            }
            usleep(200000);
        } catch (PDOException $problem) {
            error_log("again in a second: $problem");
            sleep(1);
        }
    }
}

/** Do what one push tells. What fails is not done: it is tried again, and keeps no other from its turn. */
function work_on(PDO $inbox, string $id, string $body): void
{
    try {
        $push = json_decode($body, true, flags: JSON_THROW_ON_ERROR);
        echo 'push ', $id, ' ', $push['eventType'] ?? 'sms', "\n"; // here: your own work, harmless when repeated
    } catch (Throwable $problem) {
        error_log("again soon: $problem");
        return;
    }
    $inbox->prepare('UPDATE push SET done = 1 WHERE id = ?')->execute([$id]);
}

if (PHP_SAPI === 'cli') {
    work();
} else {
    http_response_code(receive());
    header('Content-Length: 0');
}
