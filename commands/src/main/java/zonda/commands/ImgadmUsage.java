package zonda.commands;

/** What imgadm says about itself. */
final class ImgadmUsage {
    static final String TEXT = """
            Usage: imgadm <command> [options]

              imgadm sources [-j] [-c] [-a URL [-t imgapi|docker|dsapi] [-k] [-f]] [-d URL] [--add-docker-hub]
              imgadm sources -e [-f]
              imgadm avail [-H] [-j] [-o field,...] [-s field,...] [field=value ...]
              imgadm list [-H] [-j] [--docker] [-P pool] [-o field,...] [-s field,...] [field=value ...]
              imgadm show <uuid>
              imgadm get [-r] [-P pool] <uuid>
              imgadm ancestry [-H] [-j] [-o field,...] [-P pool] <uuid>
              imgadm import [-q] [-P pool] [-C CHANNEL] [-S URL ...] <uuid> | [registry/]repository[:tag][@digest]
              imgadm import [-q] [-P pool] oci:DIRECTORY[:TAG] | oci-archive:FILE[:TAG] | docker-archive:FILE[:NAME]
              imgadm install [-q] [-P pool] -m <manifest> -f <file>
              imgadm create [-i] [-s SCRIPT] [-c none|gzip|bzip2|xz] [-o DIRECTORY] [-m MANIFEST]
                            [--max-origin-depth N] VM [name=NAME version=VERSION ...]
              imgadm create -p URL [-k] [-q] [-i] [-s SCRIPT] [-c COMPRESSION] [-m MANIFEST] VM [name=NAME version=VERSION ...]
              imgadm create [-q] [-P pool] --debian SUITE [--vm] [--include package,...] name=NAME version=VERSION
              imgadm create [-q] [-P pool] --busybox name=NAME version=VERSION
              imgadm create [-q] [-P pool] --from DISK name=NAME version=VERSION
              imgadm delete [-P pool] <uuid>
              imgadm update [-n] [<uuid> ...]
              imgadm publish [-q] [-k] -m <manifest> -f <file> URL
              imgadm serve [-l ADDRESS:PORT]
              imgadm serve [-w] [-l ADDRESS:PORT] DIRECTORY
              imgadm vacuum [-n] [-f]

            See imgadm(8).
            """;

    private ImgadmUsage() {}
}
