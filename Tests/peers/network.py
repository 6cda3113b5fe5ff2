"""Two or three gateways' peering parts in network namespaces of their own. Needs root, iproute2 and nftables.

    network.py PROBE [SCENARIO ...]

Prints one line of figures a scenario; ends with 1 when something did not happen. PROBE is the peering-probe binary."""
import base64
import os
import re
import subprocess
import sys
import threading
import time

PROBE = os.path.abspath(sys.argv[1])
# With it the transport formats a backtrace for every failed connection, and keeps 30 MB of symbols for that.
os.environ.pop("RUST_BACKTRACE", None)
TAG = f"bothy{os.getpid() % 10000}"


def sh(command, check=True):
    result = subprocess.run(command, shell=True, capture_output=True, text=True)
    if check and result.returncode != 0:
        raise RuntimeError(f"{command}: {result.stderr.strip()}")
    return result.stdout


class Net:
    """A switch (a bridge in a namespace) and boxes at its ports."""

    def __init__(self, boxes, four=False):
        self.names = [f"{TAG}{box}" for box in ["s"] + boxes]
        for name in self.names:
            sh(f"ip netns add {name}")
            sh(f"ip -n {name} link set lo up")
        self.switch = self.names[0]
        sh(f"ip -n {self.switch} link add br0 type bridge")
        sh(f"ip -n {self.switch} link set br0 up")
        for index, box in enumerate(boxes):
            sh(f"ip link add eth0 netns {TAG}{box} type veth peer name p{box} netns {self.switch}")
            sh(f"ip netns exec {TAG}{box} sysctl -qw net.ipv6.conf.eth0.accept_dad=0", check=False)
            sh(f"ip -n {self.switch} link set p{box} master br0 up")
            sh(f"ip -n {TAG}{box} link set eth0 up")
            if four:
                sh(f"ip -n {TAG}{box} addr add 10.9.8.{index + 1}/24 dev eth0")
        time.sleep(1.5)

    def port(self, box, state):
        sh(f"ip -n {self.switch} link set p{box} {state}")

    def drop(self, percent):
        """Loses that share of the packets that cross the switch, without anybody being told."""
        sh(f"ip netns exec {self.switch} nft flush ruleset", check=False)
        if percent:
            rule = "drop" if percent == 100 else f"numgen random mod 100 < {percent} drop"
            text = f"table bridge t {{\nchain c {{\ntype filter hook forward priority 0\n{rule}\n}}\n}}\n"
            subprocess.run(["ip", "netns", "exec", self.switch, "nft", "-f", "-"], input=text, text=True, check=True)

    def rate(self, boxes, mbit):
        for box in boxes:
            sh(f"tc -n {self.switch} qdisc replace dev p{box} root tbf rate {mbit}mbit burst 32k latency 50ms")

    def close(self):
        for name in self.names:
            sh(f"ip netns del {name}", check=False)


class Probe:
    def __init__(self, box, seed, *arguments, start=True):
        self.lines = []
        self.process = subprocess.Popen(
            ["ip", "netns", "exec", f"{TAG}{box}", PROBE, str(seed), *arguments], text=True, bufsize=1,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        threading.Thread(target=self.read, daemon=True).start()
        line = self.wait("keys ")
        self.identity, self.endpoint = line.split()[2:4]
        self.started = int(line.split()[0])
        if start:
            self.say("start")

    def read(self):
        for line in self.process.stdout:
            self.lines.append(line.rstrip())

    def say(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()

    def trust(self, other, *addresses):
        self.say(" ".join(["trust", other.identity, other.endpoint, *addresses]))

    def wait(self, pattern, seconds=60, since=0):
        """The first line from `since` on that has the pattern; its first word is the time in milliseconds."""
        end = time.time() + seconds
        while time.time() < end:
            for line in self.lines[since:]:
                if re.search(pattern, line):
                    return line
            time.sleep(0.005)
        raise RuntimeError(f"did not happen within {seconds} s: {pattern}; last lines: {self.lines[-6:]}")

    def when(self, pattern, seconds=60, since=0):
        return int(self.wait(pattern, seconds, since).split()[0])

    def mark(self):
        return len(self.lines)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        try:
            self.say("stop")
            self.process.wait(5)
        except Exception:
            self.kill()


def now():
    return int(time.clock_gettime(time.CLOCK_BOOTTIME) * 1000)


def pair(net, *arguments):
    a, b = Probe("a", 1, *arguments), Probe("b", 2, *arguments)
    a.trust(b)
    b.trust(a)
    a.wait("connected ")
    b.wait("connected ")
    # Both may have dialled: one of two connections goes, within moments.
    time.sleep(0.3)
    return a, b


def latency(a, b, text):
    since = b.mark()
    sent = now()
    a.say(f"send {b.identity} {text}")
    return b.when(f"message {text}$", 30, since) - sent


def nearby():
    """No router, no DHCP server, no addresses but those every interface gives itself."""
    net = Net(["a", "b"])
    try:
        a, b = pair(net)
        took = a.when("connected ") - max(a.started, b.started)
        delay = latency(a, b, "first")
        a.say(f"flood {b.identity} 200")
        speed = b.wait("flooded").split()[-2]
        a.say("status")
        path = a.wait("peer ").split(" ", 3)[3]
        a.stop(), b.stop()
        assert "direct" in path and took < 3000
        return f"connected {took} ms after the second start, a message takes {delay} ms, {speed} MB/s; {path}"
    finally:
        net.close()


def outage(seconds, silent):
    net = Net(["a", "b"])
    try:
        a, b = pair(net)
        since = a.mark()
        net.drop(100) if silent else net.port("b", "down")
        time.sleep(seconds)
        net.drop(0) if silent else net.port("b", "up")
        up = now()
        end = time.time() + 60
        while True:
            # Back when a message gets through; what is sent into the gap is lost with its connection.
            text = f"t{time.time_ns()}"
            mark = b.mark()
            a.say(f"send {b.identity} {text}")
            time.sleep(0.05)
            if any("message t" in line for line in b.lines[mark:]) or time.time() > end:
                break
        assert time.time() < end, "never back"
        back = b.when("message t", 5, mark) - up
        lost = sum("disconnected " in line for line in a.lines[since:])
        a.stop(), b.stop()
        return f"{'silent' if silent else 'link down'} {seconds} s: back {back} ms after, connections lost {lost}"
    finally:
        net.close()


def killed():
    net = Net(["a", "b"])
    try:
        a, b = pair(net)
        since = a.mark()
        b.kill()
        at = now()
        noticed = a.when("disconnected ", 40, since) - at
        since = a.mark()
        b = Probe("b", 2)
        b.trust(a)
        back = a.when("connected ", 40, since) - b.started
        mark = a.mark()
        b.kill()
        b = Probe("b", 2)
        b.trust(a)
        soon = a.when(" connected ", 40, mark) - b.started
        a.stop(), b.stop()
        return f"kill -9 noticed after {noticed} ms; back {back} ms after its start, {soon} ms when it restarts at once"
    finally:
        net.close()


def moved():
    net = Net(["a", "b"], four=True)
    try:
        sh(f"ip netns exec {TAG}a sysctl -qw net.ipv6.conf.eth0.disable_ipv6=1")
        sh(f"ip netns exec {TAG}b sysctl -qw net.ipv6.conf.eth0.disable_ipv6=1")
        a, b = pair(net)
        figures = []
        for box in "ab":
            mark_a, mark_b = a.mark(), b.mark()
            sh(f"ip -n {TAG}{box} addr flush dev eth0 scope global")
            sh(f"ip -n {TAG}{box} addr add 10.9.8.{77 if box == 'a' else 78}/24 dev eth0")
            at = now()
            while True:
                text = f"m{time.time_ns()}"
                mark = b.mark()
                a.say(f"send {b.identity} {text}")
                time.sleep(0.05)
                if any("message m" in line for line in b.lines[mark:]):
                    break
                assert now() - at < 40000, "never back"
            figures.append(now() - at)
        a.stop(), b.stop()
        return f"addresses changed: dialler's side back after {figures[0]} ms, the other's after {figures[1]} ms"
    finally:
        net.close()


def lossy(percent):
    net = Net(["a", "b"])
    try:
        net.drop(percent)
        a, b = pair(net)
        took = a.when("connected ") - max(a.started, b.started)
        a.say(f"flood {b.identity} {20 if percent < 10 else 2}")
        speed = b.wait("flooded", 120).split()[-2]
        lost = sum("disconnected " in line for line in a.lines if "replaced" not in line)
        a.stop(), b.stop()
        return f"{percent} % loss: connected after {took} ms, {speed} MB/s, connections lost {lost}"
    finally:
        net.close()


def narrow(mbit):
    net = Net(["a", "b"])
    try:
        net.rate(["a", "b"], mbit)
        a, b = pair(net)
        quiet = max(latency(a, b, f"quiet{i}") for i in range(5))
        a.say(f"flood {b.identity} {max(2, mbit)}")
        time.sleep(1)
        delays = []
        while not any("flooded" in line for line in b.lines) and len(delays) < 40:
            delays.append(latency(a, b, f"live{len(delays)}"))
            time.sleep(0.1)
        speed = b.wait("flooded", 200).split()[-4:-2]
        lost = sum("disconnected " in line for line in a.lines if "replaced" not in line)
        a.stop(), b.stop()
        delays.sort()
        return (f"{mbit} Mbit/s: a live message takes {quiet} ms alone, median {delays[len(delays) // 2]} ms and at most "
                f"{delays[-1]} ms beside a backlog, connections lost {lost}")
    finally:
        net.close()


def offlink():
    """What leaves the local network: nothing before peering is started, and what after."""
    net = Net(["a"], four=True)
    try:
        sh(f"ip -n {net.switch} addr add 10.9.8.254/24 dev br0")
        sh(f"ip -n {TAG}a route add default via 10.9.8.254")
        rules = ("table inet t {\ncounter dns { }\ncounter away { }\ncounter any { }\nchain c {\ntype filter hook output priority 0\n"
                 "oif lo accept\nudp dport 53 counter name dns\nip daddr != { 10.9.8.0/24, 224.0.0.0/4 } counter name away\n"
                 "meta l4proto { tcp, udp } counter name any\n}\n}\n")
        subprocess.run(["ip", "netns", "exec", f"{TAG}a", "nft", "-f", "-"], input=rules, text=True, check=True)

        def counts():
            text = sh(f"ip netns exec {TAG}a nft list counters")
            return {name: int(packets) for name, packets in re.findall(r"counter (\w+) \{\s*packets (\d+)", text)}

        a = Probe("a", 1, start=False)
        time.sleep(5)
        before = counts()
        a.say("start")
        time.sleep(8)
        after = counts()
        a.stop()
        assert before == {"dns": 0, "away": 0, "any": 0}, before
        assert after["dns"] == 0
        return f"not started: {before}; started: {after}"
    finally:
        net.close()


def strangers():
    """Ten thousand at the door of two who trust each other."""
    net = Net(["a", "b", "c"], four=True)
    try:
        a, b = pair(net)

        def memory():
            status = open(f"/proc/{probe_pid(b)}/status").read()
            return int(re.search(r"RssAnon:\s+(\d+)", status).group(1))

        def flood(megabytes):
            since = b.mark()
            a.say(f"flood {b.identity} {megabytes}")
            return float(b.wait("flooded", 120, since).split()[-2])

        b.say("status")
        port = re.search(r"10\.9\.8\.2:(\d+)", b.wait("status ")).group(1)
        key = base64.b32decode(b.endpoint.upper() + "====").hex()
        here = os.path.dirname(os.path.abspath(__file__))

        def crowd(seconds):
            return subprocess.Popen(
                ["ip", "netns", "exec", f"{TAG}c", f"{here}/python", f"{here}/strangers.py", key, f"10.9.8.2:{port}",
                 "10000", str(seconds)], text=True, stdout=subprocess.PIPE)

        alone = max(flood(300) for _ in range(3))
        settled = a.mark()
        quiet = memory()
        # The first few make the transport take memory it keeps; what counts is whether more of them take more.
        crowd(10).communicate()
        before = memory()
        many = crowd(os.environ.get("STRANGERS_SECONDS", "30"))
        time.sleep(5)
        beside = max(flood(300) for _ in range(3))
        came = many.communicate()[0].strip()
        assert came, "the strangers did not come"
        time.sleep(2)
        after = memory()
        lost = sum("disconnected " in line for line in a.lines[settled:])
        a.stop(), b.stop()
        assert lost == 0, [line for line in a.lines[settled:] if "connected" in line]
        return (f"{came}; memory {quiet} kB without any, {before} kB after the first, {after} kB after all; {alone:.0f} MB/s alone, {beside:.0f} beside them, "
                f"on {os.cpu_count()} cores shared with them")
    finally:
        net.close()


def fifty():
    """Fifty gateways of another program, connected and idle: what they cost."""
    net = Net(["a", "c"], four=True)
    try:
        a = Probe("a", 1, "off", "waits")
        here = os.path.dirname(os.path.abspath(__file__))
        crowd = subprocess.Popen(
            ["ip", "netns", "exec", f"{TAG}c", f"{here}/python", f"{here}/fifty.py", "50"], text=True, bufsize=1,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for _ in range(50):
            # With an address in the same network: trusted hosts pass the gate for strangers.
            a.say("trust " + crowd.stdout.readline().strip() + " 10.9.8.2:1")

        def cost():
            status = open(f"/proc/{probe_pid(a)}/status").read()
            ticks = open(f"/proc/{probe_pid(a)}/stat").read().rsplit(")", 1)[1].split()
            return int(re.search(r"RssAnon:\s+(\d+)", status).group(1)), int(ticks[11]) + int(ticks[12])

        time.sleep(2)
        before, _ = cost()
        crowd.stdin.write(base64.b32decode(a.endpoint.upper() + "====").hex() + " 10.9.8.1:21848\n")
        admitted = crowd.stdout.readline().strip()
        memory, spent = cost()
        time.sleep(20)
        after, spent_then = cost()
        crowd.stdin.write("\n")
        lost = crowd.stdout.readline().strip()
        a.stop()
        assert admitted == "admitted 50" and lost == "lost 0", (admitted, lost)
        return (f"{admitted}, {lost} in 20 s; memory {before} kB before, {after} kB after ({(after - before) // 50} kB each), "
                f"{(spent_then - spent) / 20:.1f} % of a core while idle")
    finally:
        net.close()


def probe_pid(probe):
    """Below `ip netns exec`, which becomes the program itself."""
    return probe.process.pid


def relayed():
    """Two who cannot reach each other, and a relay both can reach."""
    net = Net(["a", "b"], four=True)
    relay = None
    try:
        sh(f"ip -n {net.switch} addr add 10.9.8.254/24 dev br0")
        net.drop(100)
        here = os.path.dirname(os.path.abspath(__file__))
        relay = subprocess.Popen(
            ["ip", "netns", "exec", net.switch, sys.executable, f"{here}/relay.py", "10.9.8.254", "3340"],
            stdout=subprocess.PIPE, text=True)
        relay.stdout.readline()
        a, b = pair(net, "off", "dials", "http://10.9.8.254:3340")
        took = a.when(" connected ") - max(a.started, b.started)
        delay = latency(a, b, "over")
        a.say("status")
        assert " relay " in a.wait("peer ")
        # The way opens: the connection moves to it by itself.
        net.drop(0)
        end = time.time() + 60
        while time.time() < end:
            since = a.mark()
            a.say("status")
            if " direct " in a.wait("peer ", 5, since):
                break
            time.sleep(1)
        lost = sum("disconnected " in line for line in a.lines if "replaced" not in line)
        direct = "direct soon after the way opened" if time.time() < end else "still over the relay after the way opened"
        a.stop(), b.stop()
        return f"connected {took} ms after the second start, a message takes {delay} ms, {direct}, connections lost {lost}"
    finally:
        if relay:
            relay.kill()
        net.close()


SCENARIOS = {
    "strangers": strangers,
    "fifty": fifty,
    "relayed": relayed,
    "nearby": nearby,
    "offlink": offlink,
    "killed": killed,
    "moved": moved,
    "down5": lambda: outage(5, False),
    "down20": lambda: outage(20, False),
    "down40": lambda: outage(40, False),
    "silent5": lambda: outage(5, True),
    "silent20": lambda: outage(20, True),
    "silent40": lambda: outage(40, True),
    "loss1": lambda: lossy(1),
    "loss20": lambda: lossy(20),
    "narrow20": lambda: narrow(20),
    "narrow1": lambda: narrow(1),
}

failed = False
for name in sys.argv[2:] or SCENARIOS:
    try:
        print(f"{name}: {SCENARIOS[name]()}", flush=True)
    except Exception as error:
        failed = True
        print(f"{name}: FAILED: {error!r}", flush=True)
sys.exit(failed)
