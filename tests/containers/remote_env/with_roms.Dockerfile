# The contest's remote environment with ROMs in a layer on top, for tooling that mounts none; keep the image to yourself:
#   docker build -t qjerk-remote-env-roms -f tests/containers/remote_env/with_roms.Dockerfile FOLDER_OF_THE_ROMS
FROM qjerk-remote-env
COPY . /root/roms/
