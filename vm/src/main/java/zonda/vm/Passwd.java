package zonda.vm;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A guest's passwd(5) and group(5). Lines that aren't well formed are left out: the guest wrote them. */
public final class Passwd {
    private final List<User> users;
    private final Map<String, Long> groups;

    private Passwd(List<User> users, Map<String, Long> groups) {
        this.users = List.copyOf(users);
        this.groups = Map.copyOf(groups);
    }

    /** @param groups the numbers of the groups that name the user as a member */
    public record User(String name, long uid, long gid, List<Long> groups, String home, String shell) {
        public User {
            groups = List.copyOf(groups);
        }

        /** The same with another directory, where its own isn't there. */
        User at(String directory) {
            return new User(name, uid, gid, groups, directory, shell);
        }
    }

    static Passwd parse(String passwd, String group) {
        List<User> users = new ArrayList<>();
        passwd.lines().forEach(line -> {
            String[] field = line.split(":", -1);
            if (field.length >= 7 && isNumber(field[2]) && isNumber(field[3])) {
                users.add(new User(
                        field[0],
                        Long.parseLong(field[2]),
                        Long.parseLong(field[3]),
                        groups(group, field[0]),
                        field[5].startsWith("/") ? field[5] : "/",
                        field[6].startsWith("/") ? field[6] : "/bin/sh"));
            }
        });
        Map<String, Long> numbers = new HashMap<>();
        group.lines()
                .map(line -> line.split(":", -1))
                .filter(field -> field.length >= 3 && isNumber(field[2]))
                .forEach(field -> numbers.putIfAbsent(field[0], Long.parseLong(field[2])));
        return new Passwd(users, numbers);
    }

    private static List<Long> groups(String group, String user) {
        return group.lines()
                .map(line -> line.split(":", -1))
                .filter(field -> field.length >= 4 && isNumber(field[2]))
                .filter(field -> List.of(field[3].split(",")).contains(user))
                .map(field -> Long.parseLong(field[2]))
                .toList();
    }

    private static boolean isNumber(String text) {
        return text.matches("[0-9]{1,9}");
    }

    /**
     * Whom the User of an OCI image's configuration means: user, uid, user:group, uid:gid and their mixtures. A number
     * need not be known here. Empty for a name that isn't.
     */
    Optional<User> container(String words) {
        String[] halves = words.split(":", 2);
        Optional<User> user = find(halves[0])
                .or(() -> isNumber(halves[0])
                        ? Optional.of(new User(halves[0], Long.parseLong(halves[0]), 0, List.of(), "/", "/bin/sh"))
                        : Optional.empty());
        if (halves.length == 1 || user.isEmpty()) {
            return user;
        }
        Optional<Long> gid = Optional.ofNullable(groups.get(halves[1]))
                .or(() -> isNumber(halves[1]) ? Optional.of(Long.parseLong(halves[1])) : Optional.empty());
        User known = user.get();
        return gid.map(id -> new User(known.name(), known.uid(), id, List.of(), known.home(), known.shell()));
    }

    Optional<User> find(String name) {
        return users.stream()
                .filter(user ->
                        user.name().equals(name) || String.valueOf(user.uid()).equals(name))
                .findFirst();
    }
}
