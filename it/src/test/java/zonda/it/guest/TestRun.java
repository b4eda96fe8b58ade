package zonda.it.guest;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.opentest4j.TestAbortedException;

/**
 * Runs plain test classes, those without parameters and extensions: {@code TestRun CLASS...}. For guests whose CPU is
 * emulated, where JUnit itself takes longer to start than most tests to run. Prints a line for each test, with
 * its outcome, and the reason below when that isn't {@code passed}.
 */
public final class TestRun {
    private int failed;

    private TestRun() {}

    /** Ends with status 1 when a test failed. */
    public static void main(String[] classes) throws ReflectiveOperationException {
        var run = new TestRun();
        for (String name : classes) {
            run.all(Class.forName(name));
        }
        System.out.flush();
        System.exit(run.failed == 0 ? 0 : 1);
    }

    private void all(Class<?> type) throws ReflectiveOperationException {
        List<Method> tests = Arrays.stream(type.getDeclaredMethods())
                .filter(method -> method.isAnnotationPresent(Test.class))
                .sorted(Comparator.comparing(Method::getName))
                .toList();
        for (Method test : tests) {
            long start = System.nanoTime();
            String outcome = one(type, test);
            System.out.println(test.getName() + " " + (System.nanoTime() - start) / 1_000_000 + " ms: " + outcome);
        }
    }

    private String one(Class<?> type, Method test) throws ReflectiveOperationException {
        var constructor = type.getDeclaredConstructor();
        constructor.setAccessible(true);
        Object instance = constructor.newInstance();
        try {
            try {
                call(type, instance, BeforeEach.class);
                test.setAccessible(true);
                test.invoke(instance);
            } finally {
                call(type, instance, AfterEach.class);
            }
            return "passed";
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof TestAbortedException skipped) {
                return "skipped: " + skipped.getMessage();
            }
            failed++;
            e.getCause().printStackTrace(System.out);
            return "failed: " + e.getCause();
        }
    }

    private static void call(Class<?> type, Object instance, Class<? extends java.lang.annotation.Annotation> when)
            throws ReflectiveOperationException {
        for (Method method : type.getDeclaredMethods()) {
            if (method.isAnnotationPresent(when)) {
                method.setAccessible(true);
                method.invoke(instance);
            }
        }
    }
}
