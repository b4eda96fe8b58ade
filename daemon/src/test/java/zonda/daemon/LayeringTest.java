package zonda.daemon;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** The floors of docs/architecture.md: THINK HARD ABOUT THE HOUSE BEFORE CHANGING THIS FILE. */
class LayeringTest {
    private static final JavaClasses HOUSE = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("zonda");

    @Test
    void a_floor_uses_the_floors_below_it_only() {
        layeredArchitecture()
                .consideringOnlyDependenciesInLayers()
                .layer("daemon")
                .definedBy("zonda.daemon..")
                .layer("commands")
                .definedBy("zonda.commands..")
                .layer("client")
                .definedBy("zonda.client..")
                .layer("vm")
                .definedBy("zonda.vm..")
                .layer("zones")
                .definedBy("zonda.zones..")
                .layer("kvm")
                .definedBy("zonda.kvm..")
                .layer("images")
                .definedBy("zonda.images..")
                .layer("storage")
                .definedBy("zonda.storage..")
                .layer("zstream")
                .definedBy("zonda.zstream..")
                .layer("network")
                .definedBy("zonda.network..")
                .layer("metadata")
                .definedBy("zonda.metadata..")
                .layer("dtrace")
                .definedBy("zonda.dtrace..")
                .layer("kernel")
                .definedBy("zonda.kernel..")
                .layer("base")
                .definedBy("zonda.base..")
                .whereLayer("daemon")
                .mayNotBeAccessedByAnyLayer()
                .whereLayer("commands")
                .mayOnlyBeAccessedByLayers("daemon")
                .whereLayer("client")
                .mayOnlyBeAccessedByLayers("daemon", "commands")
                .whereLayer("vm")
                .mayOnlyBeAccessedByLayers("daemon", "commands")
                .whereLayer("zones")
                .mayOnlyBeAccessedByLayers("daemon", "commands", "vm")
                .whereLayer("kvm")
                .mayOnlyBeAccessedByLayers("daemon", "commands", "vm")
                .whereLayer("images")
                .mayOnlyBeAccessedByLayers("daemon", "commands", "vm")
                .whereLayer("storage")
                .mayOnlyBeAccessedByLayers("daemon", "commands", "vm", "images")
                .whereLayer("zstream")
                .mayOnlyBeAccessedByLayers("daemon", "commands", "vm", "images", "storage")
                .whereLayer("network")
                .mayOnlyBeAccessedByLayers("daemon", "commands", "vm")
                .whereLayer("metadata")
                .mayOnlyBeAccessedByLayers("daemon", "commands", "vm")
                .whereLayer("dtrace")
                .mayOnlyBeAccessedByLayers("daemon", "commands")
                .check(HOUSE);
    }

    @Test
    void only_kernel_is_native_and_starts_processes() {
        noClasses()
                .that()
                .resideOutsideOfPackage("zonda.kernel..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("java.lang.foreign..")
                .check(HOUSE);
        noClasses()
                .that()
                .resideOutsideOfPackages("zonda.kernel..", "zonda.client..")
                .should()
                .dependOnClassesThat()
                .haveFullyQualifiedName("java.lang.ProcessBuilder")
                .check(HOUSE);
    }

    @Test
    void only_base_sees_the_json_library() {
        noClasses()
                .that()
                .resideOutsideOfPackage("zonda.base..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("tools.jackson..")
                .check(HOUSE);
    }
}
