<?php
error_log('asked for the index');
echo "php ", PHP_MAJOR_VERSION, " says hello\n";
