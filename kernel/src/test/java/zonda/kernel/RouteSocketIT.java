package zonda.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import zonda.base.Await;
import zonda.base.Cidr;
import zonda.base.Mac;

/** Everything happens in two network namespaces of the test's own, which end with their processes. */
class RouteSocketIT {
    private static final Mac MAC = Mac.parse("02:00:00:00:00:01");

    private Process here;
    private Process there;
    private NetNamespace host;
    private NetNamespace zone;

    @BeforeEach
    void two_namespaces() {
        Assumptions.assumeTrue(Files.isWritable(Path.of("/proc/sys/net/core/somaxconn")), "needs root");
        here = namespaceHolder();
        there = namespaceHolder();
        host = NetNamespace.ofProcess(here.pid());
        zone = NetNamespace.ofProcess(there.pid());
    }

    @AfterEach
    void end_them() throws InterruptedException {
        host.close();
        zone.close();
        here.destroyForcibly().waitFor();
        there.destroyForcibly().waitFor();
    }

    private static Process namespaceHolder() {
        Process process = Command.of("unshare", "-n", "sleep", "300").start();
        assertThat(Await.until(Duration.ofSeconds(5), () -> !NetNamespace.isOurs(process.pid())))
                .isTrue();
        return process;
    }

    @Test
    void a_nic_is_made_addressed_and_deleted() {
        host.call(() -> {
            try (var route = RouteSocket.open()) {
                Link bridge = route.createBridge("br0", MAC, 5);
                route.addAddress(bridge, Cidr.parse("10.1.0.1/24"));
                route.up(bridge);
                Link end = route.createVeth(veth("nic0", bridge));
                route.describe(end, "a zone's");
                route.withoutLinkLocal(end);
                route.lockPort(end, Mac.parse("02:00:00:00:00:02"), RouteSocket.PortMode.LOCKED);
                route.up(end);

                Link seen = route.link("nic0").orElseThrow();
                assertThat(seen.alias()).isEqualTo("a zone's");
                assertThat(seen.master()).isEqualTo(bridge.index());
                assertThat(seen.group()).isEqualTo(77);
                assertThat(seen.mtu()).isEqualTo(1400);
                assertThat(seen.isVeth() && seen.up()).isTrue();
                assertThat(route.links()).extracting(Link::name).contains("br0", "nic0", "lo");
                assertThat(route.addresses())
                        .contains(new RouteSocket.Assigned(bridge.index(), Cidr.parse("10.1.0.1/24")));
            }
            return true;
        });

        zone.call(() -> {
            try (var route = RouteSocket.open()) {
                Link nic = route.link("net0").orElseThrow();
                assertThat(nic.mac()).contains(Mac.parse("02:00:00:00:00:02"));
                route.addAddress(nic, Cidr.parse("10.1.0.2/24"));
                route.addAddress(nic, Cidr.parse("fd00:1::2/64"));
                route.addAddress(nic, Cidr.parse("10.1.0.2/24"));
                route.up(nic);
                var gateway = Optional.of(Cidr.parseAddress("10.1.0.1"));
                route.setRoute(new Route(Cidr.parse("0.0.0.0/0"), gateway, nic.index()));
                route.setRoute(new Route(Cidr.parse("10.2.0.0/16"), Optional.empty(), nic.index()));

                assertThat(route.routes())
                        .contains(
                                new Route(Cidr.parse("0.0.0.0/0"), gateway, nic.index()),
                                new Route(Cidr.parse("10.2.0.0/16"), Optional.empty(), nic.index()),
                                new Route(Cidr.parse("fd00:1::/64"), Optional.empty(), nic.index()));
            }
            return true;
        });

        host.call(() -> {
            try (var route = RouteSocket.open()) {
                Link end = route.link("nic0").orElseThrow();
                route.delete(end);
                route.delete(end);
                assertThat(route.link("nic0")).isEmpty();
            }
            return true;
        });
    }

    @Test
    void a_name_that_is_taken_leaves_nothing_behind() {
        host.call(() -> {
            try (var route = RouteSocket.open()) {
                Link bridge = route.createBridge("br0", MAC, 5);
                route.createVeth(veth("nic0", bridge));

                assertThatThrownBy(() -> route.createVeth(veth("nic1", bridge)))
                        .isInstanceOfSatisfying(
                                KernelException.class,
                                e -> assertThat(e.is(Errno.EEXIST)).isTrue());
                assertThat(route.link("nic1")).isEmpty();
            }
            return true;
        });
    }

    @Test
    void a_group_goes_at_once() {
        host.call(() -> {
            try (var route = RouteSocket.open()) {
                for (int i = 0; i < 5; i++) {
                    route.group(route.createBridge("br" + i, MAC, 5), 99);
                }

                route.deleteGroup(99);

                assertThat(route.links()).noneMatch(Link::isBridge);
                route.deleteGroup(99);
            }
            return true;
        });
    }

    @Test
    void the_kernels_words_are_in_the_error() {
        host.call(() -> {
            try (var route = RouteSocket.open()) {
                Link bridge = route.createBridge("br0", MAC, 5);
                assertThatThrownBy(() -> route.mtu(bridge, 1 << 20))
                        .hasMessageStartingWith("RTM_NEWLINK br0")
                        .hasMessageContaining("EINVAL");
            }
            return true;
        });
    }

    @Test
    void elements_change_all_or_none() {
        host.call(() -> {
            Command.of("nft", "-f", "-")
                    .input("table bridge t { set s { type ifname; }\n set i { type ipv4_addr; flags interval; }\n }")
                    .check(Duration.ofSeconds(10));
            assertThat(NftElements.tableExists(NftElements.Family.BRIDGE, "t")).isTrue();
            var one = new NftElements.Element("s", name("one"), Optional.empty());
            var two = new NftElements.Element("s", name("two"), Optional.empty());

            change().add(List.of(one, two)).commit();
            change().add(List.of(one)).commit();

            assertThat(listing()).contains("\"one\"", "\"two\"");
            var absent = new NftElements.Element("s", name("absent"), Optional.empty());
            assertThatThrownBy(() -> change().remove(List.of(one, absent)).commit())
                    .isInstanceOfSatisfying(
                            KernelException.class,
                            e -> assertThat(e.is(Errno.ENOENT)).isTrue());
            assertThat(listing()).contains("\"one\"");

            change().flush("s").add(List.of(two)).commit();
            assertThat(listing()).contains("\"two\"").doesNotContain("\"one\"");

            NftElements.deleteTable(NftElements.Family.BRIDGE, "t");
            NftElements.deleteTable(NftElements.Family.BRIDGE, "t");
            assertThat(NftElements.tableExists(NftElements.Family.BRIDGE, "t")).isFalse();
            return true;
        });
    }

    @Test
    void a_thousand_elements_go_in_one_change() {
        host.call(() -> {
            Command.of("nft", "-f", "-")
                    .input("table bridge t { set s { type ifname; }\n }")
                    .check(Duration.ofSeconds(10));
            var all = IntStream.range(0, 5000)
                    .mapToObj(i -> new NftElements.Element("s", name("z" + i), Optional.empty()))
                    .toList();

            change().flush("s").add(all).commit();

            assertThat(listing()).contains("\"z0\"", "\"z4999\"");
            return true;
        });
    }

    private static NftElements change() {
        return new NftElements(NftElements.Family.BRIDGE, "t");
    }

    private static byte[] name(String name) {
        return Arrays.copyOf(name.getBytes(StandardCharsets.US_ASCII), 16);
    }

    private static String listing() {
        return Command.of("nft", "list", "set", "bridge", "t", "s").check(Duration.ofSeconds(10));
    }

    private RouteSocket.Veth veth(String name, Link bridge) {
        return new RouteSocket.Veth(
                name,
                Mac.parse("fe:00:00:00:00:02"),
                bridge.index(),
                77,
                1400,
                zone,
                new RouteSocket.Veth.Peer("net0", Mac.parse("02:00:00:00:00:02")));
    }
}
