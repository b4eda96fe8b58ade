package zonda.dtrace.output;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Columns of a heat map: what came since the last one. */
class HeatMapTest {
    private static final long SECOND = 1_000_000_000L;

    private static List<String> titles(HeatMap map) {
        return map.svg()
                .lines()
                .filter(line -> line.contains("<title>"))
                .map(line -> line.replaceFirst(".*<title>(.*)</title>.*", "$1"))
                .toList();
    }

    @Test
    void a_column_has_what_came_since_the_one_before_and_all_of_what_was_cleared_in_between() {
        var map = new HeatMap();
        map.add(0, new TreeMap<>(Map.of(1L, 5L)));
        map.add(SECOND, new TreeMap<>(Map.of(1L, 5L, 8L, 2L)));
        map.add(2 * SECOND, new TreeMap<>(Map.of(1L, 3L, 8L, 7L)));

        assertThat(titles(map)).containsExactly("0.0s, 1: 5", "1.0s, 8: 2", "2.0s, 8: 5", "2.0s, 1: 3");
    }

    @Test
    void the_largest_count_is_the_darkest_and_rows_are_named_by_their_lowest_value() {
        var map = new HeatMap();
        map.add(0, new TreeMap<>(Map.of(16L, 1L, 1024L, 1000L)));

        assertThat(map.svg()).contains(">1024</text>").contains(">16</text>").contains("fill=\"#8c0000\"");
        assertThat(new HeatMap().svg()).startsWith("<svg ").endsWith("</svg>\n");
    }
}
